/**
 * Which parameters of a connection URL are read, which can be left alone, and which are refused: whatever would lead
 * somewhere else, or demands what is not done here, must not pass in silence.
 */
import type { ComebackError } from '../../errors.ts'
import { malformed, type UrlParts } from './url-parts.ts'

const READ =
  'host hostaddr port dbname user password sslmode sslrootcert sslcert sslkey sslpassword channel_binding options application_name ssl sslnegotiation pgbouncer'

/** libpq's own: they say how long to wait, how a connection is kept alive, or which of several hosts to take. */
const HARMLESS =
  'connect_timeout client_encoding fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout sslcompression sslsni sslcertmode sslkeylogfile krbsrvname gsslib gssdelegation load_balance_hosts target_session_attrs min_protocol_version max_protocol_version'

/** Pools, caches and settings of Prisma, Supabase, Rails, Doctrine, Django, SQLAlchemy, JDBC, pgx, sqlx, Ecto, pg and postgres.js. */
const OF_OTHERS =
  'schema connection_limit pool_timeout statement_cache_size socket_timeout sslidentity sslaccept max_connection_lifetime max_idle_connection_lifetime single_use_connections supa workaround ' +
  'pool pool_size adapter reconnect encoding prepared_statements statement_limit checkout_timeout reaping_frequency idle_timeout advisory_locks min_messages schema_search_path variables timeout template ' +
  'serverversion charset conn_max_age conn_health_checks disable_server_side_cursors ssl_require ' +
  'prepared_statement_cache_size server_settings command_timeout async_fallback minsize maxsize min_size max_size ' +
  'currentschema preparethreshold applicationname rewritebatchedinserts targetservertype loadbalancehosts sockettimeout logintimeout connecttimeout tcpkeepalive stringtype loggerlevel binarytransfer defaultrowfetchsize readonly autosave prefersimplequerymode preferquerymode escapesyntaxcallmode ' +
  'pool_max_conns pool_min_conns pool_min_idle_conns pool_max_conn_lifetime pool_max_conn_lifetime_jitter pool_max_conn_idle_time pool_health_check_period default_query_exec_mode statement_cache_capacity statement_cache_mode description_cache_capacity binary_parameters search_path timezone statement-cache-capacity ' +
  'statement_timeout query_timeout lock_timeout idle_in_transaction_session_timeout max min idletimeoutmillis connectiontimeoutmillis keepalive uselibpqcompat prepare max_lifetime fetch_types queue_target queue_interval'

/** Values by which a parameter that is not done here demands nothing. */
const UNDEMANDING: Readonly<Record<string, RegExp>> = {
  gssencmode: /^(disable|prefer)?$/,
  replication: /^(false|off|no|0)?$/,
  require_auth: /^$/,
  ssl_min_protocol_version: /^(TLSv1(\.[012])?)?$/,
  ssl_max_protocol_version: /^(TLSv1\.3)?$/,
}

const SERVICES =
  'Files of services are not read here. Write what the service says into the URL: postgresql://user:password@host:port/database.'
const HINTS: Readonly<Record<string, string>> = {
  service: SERVICES,
  servicefile: SERVICES,
  passfile: 'Files of passwords are not read here. Write the password into the URL.',
}

const ownNames = new Set(`${READ} ${HARMLESS}`.split(' '))
const namesOfOthers = new Set(OF_OTHERS.split(' '))

/** Throws `usage`, with the name of the parameter but never its value. */
export function refuseParameters({ parameters, isClear }: UrlParts): void {
  for (const [name, value] of parameters) {
    if (isKnown(name) || UNDEMANDING[name]?.test(value)) continue
    if (name === 'passfile' && parameters.get('password')) continue
    throw refusal(name, isClear)
  }
}

/** libpq's names have no capitals; those of others come in either case. `x-…` is golang-migrate's. */
function isKnown(name: string): boolean {
  return ownNames.has(name) || namesOfOthers.has(name.toLowerCase()) || /^x-[\w-]+$/.test(name)
}

function refusal(name: string, isClear: boolean): ComebackError {
  const shown = isClear && /^[\w-]{1,40}$/.test(name) ? `the parameter ${name}` : 'a parameter'
  // Half a password may look like one.
  return isClear
    ? malformed(
        `holds ${shown}, which is not known here or cannot be honoured`,
        HINTS[name] ?? 'Leave it out of the URL.',
      )
    : malformed(`holds ${shown} that is not known here`)
}
