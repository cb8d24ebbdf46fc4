// Notes, proposals and runs of delegations that earlier versions wrote.
import { copyFileSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ManualClock, openMemory, temporaryFolder } from '../memory/opened.ts'
import { noteOptions, pets, readNotes, trip } from './old-notes.ts'

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url)

function openCopy(version: number) {
  const { now, ...answers } = JSON.parse(readFileSync(fixture(`notes-${version}.json`), 'utf8'))
  const path = `${temporaryFolder()}/memory.db`
  copyFileSync(fixture(`notes-${version}.db`), path)
  const clock = new ManualClock()
  clock.ms = now
  // Nothing more is condensed, so that the notes which are made are all there.
  const observationalMemory = { ...noteOptions, reflection: { observationTokens: 10_000 } }
  const memory = openMemory({ storage: `file:${path}`, clock, options: { observationalMemory } })
  return { answers, memory }
}

describe.each([15])('notes of schema %i', (version) => {
  it('are answered as then, and so are proposals and runs', async () => {
    const { memory, answers } = openCopy(version)
    expect(JSON.parse(JSON.stringify(await readNotes(memory)))).toMatchObject(answers)
  })

  it('are added to: what was taken back is observed again, and what is new', async () => {
    const { memory, answers } = openCopy(version)
    const before = (await memory.getObservations(trip)).observations
    expect(before.some(({ text }) => text.includes('Town33'))).toBe(false)
    expect(await memory.observe(trip)).toMatchObject({ status: 'complete', messages: 5 })
    const texts = (await memory.getObservations(trip)).observations.map(({ text }) => text)
    expect(texts.filter((text) => text.includes('Rome'))).toHaveLength(1)
    expect(await memory.observe(pets)).toMatchObject({ messages: 1, notes: 1 })
    expect((await memory.getObservationHistory(trip)).generations).toHaveLength(answers.history.length)
  })

  it('go with what they condense', async () => {
    const { memory } = openCopy(version)
    await memory.forget(trip)
    const left = (await memory.getObservations({ resourceId: 'ann' })).observations
    expect(new Set(left.map(({ threadId }) => threadId))).toEqual(new Set(['pets']))
  })

  it('leave a proposal that was open to be decided', async () => {
    const { memory, answers } = openCopy(version)
    const open = answers.proposals.find(({ status }: { status: string }) => status === 'open')
    expect(await memory.proposals.accept(open.id)).toMatchObject({ status: 'accepted' })
    expect(await memory.team('crew').read('hotel')).toBe('Plaza')
  })
})
