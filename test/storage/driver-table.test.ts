// ARCHITECTURE.md names every member of the storage port, and the case of the contract that holds it.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { guardStorage } from '../../src/access/guard.ts'
import { storageContract } from '../../src/testing/contract/storage-contract.ts'
import { openReference } from './drivers.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const [, section = ''] = readFileSync(`${root}ARCHITECTURE.md`, 'utf8').split('## What a driver brings')
const rows = (section.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  // Without the head of the table and the line below it.
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
const codesOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string)

/** `commit`, `entries.get` and so on. */
async function membersOfPort(): Promise<string[]> {
  const { id: _, ...storage } = guardStorage(await openReference({ now: () => 0 }))
  return Object.entries(storage).flatMap(([name, member]) =>
    typeof member === 'function' ? name : Object.keys(member).map((method) => `${name}.${method}`),
  )
}

describe('the table of what a driver brings', () => {
  it('names every member of the port once', async () => {
    const named = rows.flatMap(([, what = '']) => codesOf(what))
    expect(named.toSorted()).toEqual((await membersOfPort()).toSorted())
  })

  it.each(rows.map(([, what = '', heldBy = '']) => [what, heldBy]))('names what holds %s', (_, heldBy) => {
    const [, quoted] = /^"(.*)"$/.exec(heldBy) ?? []
    if (quoted === undefined) expect(codesOf(heldBy).filter((path) => existsSync(root + path))).toHaveLength(1)
    else expect(storageContract.map(({ name }) => name)).toContain(quoted)
  })
})
