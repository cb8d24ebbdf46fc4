// Opens a file at a given moment, together with others, writes once and reads it back.
import { accessOf, commit, limits, nowMs, open, space } from './shared.ts'

const { path, name, atMs } = JSON.parse(process.argv[2] ?? '') as { path: string; name: string; atMs: number }
const access = accessOf({ kind: 'agent', id: name })
while (nowMs() < atMs) {
  // All at the same moment: no timer is that exact.
}
const storage = await open(path)
const result = await storage.commit(access, commit(name, { kind: 'entry-write', key: name, value: name }), limits)
const { record } = await storage.entries.get(access, space, name)
await storage.close()
process.stdout.write(`${JSON.stringify({ status: result.status, value: record?.value })}\n`)
