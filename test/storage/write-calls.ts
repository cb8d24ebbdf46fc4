// Own process: node --conditions=aquifer-source test/storage/write-calls.ts <schema version>
// Writes test/fixtures/calls-<version>.db, and what the public readers answer on it as JSON.
import { writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { Memory } from 'aquifer'
import { readWaitingThreads, writeOldWorkflows, writeWaitingThreads } from './old-calls.ts'

const version = process.argv[2]
if (version === undefined) throw new Error('Pass the schema version that this checkout writes.')
const fixture = (extension: string) =>
  fileURLToPath(new URL(`../fixtures/calls-${version}.${extension}`, import.meta.url))
const memory = new Memory({ storage: `file:${fixture('db')}`, embedder: false, background: false })
await writeWaitingThreads(memory)
if (Number(version) >= 12) await writeOldWorkflows(memory)
await memory.settled()
const answers = await readWaitingThreads(memory)
await memory.close()
await writeFile(fixture('json'), `${JSON.stringify(answers, null, 1)}\n`)
const database = new DatabaseSync(fixture('db'))
database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM')
database.close()
