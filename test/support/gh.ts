/** `gh api [--paginate] ROUTE [--jq FILTER]` against the server that stands in for GitHub: pages by its links, the filter by jq. */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { paginate: { type: 'boolean' }, jq: { type: 'string' } },
})
const [command, route = ''] = positionals
if (command !== 'api') throw new Error(`gh ${command} is not known here.`)

let next: string | undefined = `${process.env.GITHUB_API_URL}/${route}`
while (next !== undefined) {
  const answer: Response = await fetch(next, { headers: { authorization: `Bearer ${process.env.GITHUB_TOKEN}` } })
  if (!answer.ok) throw new Error(`gh: HTTP ${answer.status}`)
  const body = Buffer.from(await answer.arrayBuffer())
  process.stdout.write(values.jq === undefined ? body : filtered(body, values.jq))
  next = values.paginate ? /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1] : undefined
}

function filtered(body: Buffer, filter: string): Buffer {
  const { status, stdout, stderr } = spawnSync('jq', ['-r', filter], { input: body })
  if (status !== 0) throw new Error(`gh: ${stderr}`)
  return stdout
}
