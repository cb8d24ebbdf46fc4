// Own process: node --conditions=aquifer-source test/storage/write-conversations.ts <schema version>
// Writes test/fixtures/conversations-<version>.db, and what the public readers answer on it as JSON.
import { writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { Memory } from 'aquifer'
import { scriptedEmbedder } from 'aquifer/testing'
import { readConversations, writeConversations } from './old-conversations.ts'

const version = process.argv[2]
if (version === undefined) throw new Error('Pass the schema version that this checkout writes.')
const fixture = (extension: string) =>
  fileURLToPath(new URL(`../fixtures/conversations-${version}.${extension}`, import.meta.url))
const memory = new Memory({ storage: `file:${fixture('db')}`, embedder: scriptedEmbedder(), background: false })
await writeConversations(memory)
await memory.settled()
const answers = await readConversations(memory)
await memory.close()
await writeFile(fixture('json'), `${JSON.stringify(answers, null, 1)}\n`)
const database = new DatabaseSync(fixture('db'))
database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM')
database.close()
