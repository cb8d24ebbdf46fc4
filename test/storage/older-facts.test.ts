// Facts and entries that earlier versions wrote, one commit of them by a clock that was a year ahead.
import { copyFileSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hour, ManualClock, openMemory, temporaryFolder } from '../memory/opened.ts'
import { ann, readFacts } from './old-facts.ts'

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url)

function openCopy(version: number) {
  const { now, ...answers } = JSON.parse(readFileSync(fixture(`facts-${version}.json`), 'utf8'))
  const path = `${temporaryFolder()}/memory.db`
  copyFileSync(fixture(`facts-${version}.db`), path)
  const clock = new ManualClock()
  clock.ms = now
  return { answers, clock, memory: openMemory({ storage: `file:${path}`, clock }) }
}

/** The best fact that was found, and the others in any order: how they are ranked is not stored. */
function bestFirst({ found: [best, ...others], ...answers }: { readonly found: readonly string[] }) {
  return { ...answers, found: [best, ...others.toSorted()] }
}

describe.each([13, 14])('schema %i', (version) => {
  it('are answered as then', async () => {
    const { memory, answers } = openCopy(version)
    const found = JSON.parse(JSON.stringify(await readFacts(memory)))
    expect(bestFirst(found)).toMatchObject(bestFirst(answers))
  })

  it('are added to, and what is written now follows the clock', async () => {
    const { memory, clock } = openCopy(version)
    const before = await memory.search('Where does Ann live?', ann)
    const lisbon = before.results.find((fact) => fact.memory === 'Ann lives in Lisbon')?.id ?? ''
    const old = { role: 'user', content: 'Ann lives in Rome', createdAt: '2019-01-01T00:00:00Z' } as const
    const { results } = await memory.add(old, { ...ann, supersedes: lisbon })
    expect(results).toMatchObject([{ event: 'ADD', endedBy: lisbon }])
    expect(await memory.as({ kind: 'user', id: 'ann' }).add('Ann likes rum', ann)).toMatchObject({
      results: [{ event: 'UPDATE', added: ['trust', 'expiresAt'].slice(0, 1) }],
    })
    const crew = memory.team('crew')
    const written = await crew.write('session', 1, { ttl: '1h' })
    expect(written).toMatchObject({ expiresAt: new Date(clock.ms + hour) })
    expect(await crew.readAt('session', { at: clock.ms })).toBe(1)
    clock.pass(hour)
    expect(await crew.read('session')).toBeNull()
  })
})
