// The scene of the attacks on belief: a user's fact, those who attack it, and a model that may be on their side.
import type { Change, Memory } from 'aquifer'
import { expect } from 'vitest'
import { inferring, type Script } from '../memory/inferring.ts'
import { day, ManualClock } from '../memory/opened.ts'

export const ann = { userId: 'ann' }
export const user = { kind: 'user', id: 'ann' } as const
export const bot = { kind: 'agent', id: 'bot' } as const
const words = 'Ann lives in Berlin'
const question = 'Where does Ann live?'

export interface Scene {
  readonly memory: Memory
  readonly clock: ManualClock
  /** The id of the fact that the user stated, and of the older one that it replaced. */
  readonly id: string
  readonly replaced: string
  readonly agent: Memory
  readonly tool: Memory
  /** An actor of the application. */
  readonly cron: Memory
  /** What an attacker commits to the home of the user. */
  commit(attacker: Memory, ...changes: object[]): Promise<unknown>
}

/** An attack, with what its steps must answer. */
export interface Attack {
  /** What the model says, if it attacks. */
  readonly model?: Script
  attack(scene: Scene): Promise<unknown>
}

const stated = (fact: Awaited<ReturnType<Memory['facts']['get']>>) => {
  if (fact === null) return null
  const { memory: text, status, trust, assertedBy, validFrom, validTo, expiresAt, supersededBy } = fact
  return { text, status, trust, assertedBy, validFrom, validTo, expiresAt, supersededBy }
}

/** A memory in which the user corrected herself once, before anybody attacks. */
export async function openBelief(script: Script = {}) {
  const clock = new ManualClock()
  const { memory } = inferring(script, { clock, limits: { factLinks: 3 } })
  const own = memory.as(user)
  const state = async (text: string, more: object) => {
    const { results } = await own.add(text, { ...ann, infer: false, commitId: text, ...more })
    return results[0]?.id ?? ''
  }
  const replaced = await state('Ann lives in Hamburg', { validFrom: '2024-05-01' })
  const expiresAt = new Date(clock.ms + 300 * day)
  const id = await state(words, { validFrom: '2025-05-01', expiresAt, supersedes: replaced })
  const before = stated(await memory.facts.get(id))
  expect(before).toMatchObject({ text: words, status: 'current', trust: 'user', assertedBy: user, validTo: null })
  const scene: Scene = {
    memory,
    clock,
    id,
    replaced,
    agent: memory.as(bot),
    tool: memory.as({ kind: 'tool', id: 'web' }),
    cron: memory.as({ kind: 'system', id: 'cron' }),
    commit: (attacker, ...changes) => attacker.space('resource/ann').commit(changes as unknown as Change[]),
  }
  const found = async () => (await own.search(question, ann)).results.map((fact) => fact.id)
  return {
    scene,
    /** The fact is as it was stated, and is found. */
    async holds() {
      expect(stated(await memory.facts.get(id))).toEqual(before)
      expect(await found()).toContain(id)
      expect(await memory.facts.get(replaced)).toBeNull()
    },
    /** A correction by the user ends it, and is found in its place. */
    async canBeCorrected() {
      const corrected = await state('Ann lives in Lisbon', { supersedes: id })
      expect(stated(await memory.facts.get(corrected))).toMatchObject({
        status: 'current',
        trust: 'user',
        validTo: null,
      })
      const old = await memory.facts.getAll({ ...ann, includeSuperseded: true })
      expect(old.results.find((fact) => fact.id === id)).toMatchObject({
        status: 'superseded',
        supersededBy: corrected,
      })
      const now = await found()
      expect([now.includes(corrected), now.includes(id)]).toEqual([true, false])
    },
  }
}
