// Where a named model is, nobody else hears what is said: in a process of its own, with keys for all.
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { runNode } from '../processes.ts'

const worker = fileURLToPath(new URL('hosts-worker.ts', import.meta.url))
const flags = ['--conditions=aquifer-source', '--disable-warning=ExperimentalWarning', worker]
const env = { ...process.env, OPENAI_API_KEY: 'k', AI_GATEWAY_API_KEY: 'k', VERCEL_OIDC_TOKEN: 'k' }

interface Use {
  readonly use: string
  readonly hosts: readonly string[]
  readonly refusal: string
}

/** Every use of a named model, with the hosts that it asked for. */
async function usesOf(provider: string): Promise<readonly Use[]> {
  const { stdout } = await runNode([...flags, provider], { env })
  const uses = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Use)
  expect(uses).toHaveLength(6)
  return uses
}

it('a name goes to its provider alone', async () => {
  for (const { use, hosts } of await usesOf('openai')) expect(hosts, use).toEqual(['api.openai.com'])
})

it('a name goes to the gateway if that is named', async () => {
  for (const { use, hosts } of await usesOf('gateway/openai')) expect(hosts, use).toEqual(['ai-gateway.vercel.sh'])
})

it('a name goes nowhere if its provider is not installed', async () => {
  for (const { use, hosts, refusal } of await usesOf('acme-cloud')) {
    expect(hosts, use).toEqual([])
    expect(refusal, use).toContain('npm install @ai-sdk/acme-cloud')
  }
})
