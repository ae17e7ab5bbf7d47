/** Which container image has what a server lacks. Names and tags as they were in 2026; the major version is the backup's. */

const IMAGES: Readonly<Record<string, (major: number) => string>> = {
  postgis: major => `postgis/postgis:${major}-3.5`,
  postgis_topology: major => `postgis/postgis:${major}-3.5`,
  postgis_tiger_geocoder: major => `postgis/postgis:${major}-3.5`,
  vector: major => `pgvector/pgvector:pg${major}`,
  timescaledb: major => `timescale/timescaledb-ha:pg${major}`,
  pg_cron: major => `supabase/postgres with PostgreSQL ${major}`,
  pg_graphql: major => `supabase/postgres with PostgreSQL ${major}`,
  pg_net: major => `supabase/postgres with PostgreSQL ${major}`,
  pgjwt: major => `supabase/postgres with PostgreSQL ${major}`,
  pgsodium: major => `supabase/postgres with PostgreSQL ${major}`,
  supabase_vault: major => `supabase/postgres with PostgreSQL ${major}`,
}

export function imageOf(major: number): string {
  return `postgres:${major}`
}

/** A sentence. */
export function imageWith(extension: string, major: number): string {
  const image = IMAGES[extension]?.(major)
  return image === undefined
    ? `Use an image of PostgreSQL ${major} that has it, or build one.`
    : `The image ${image} has it.`
}
