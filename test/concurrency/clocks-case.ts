// One case of jumping clocks: what processes are told, one after the other, and what they must answer.
import { equalJson, type Json } from '../../src/domain/json.ts'
import { isoTime } from '../../src/domain/time.ts'
import { minute } from '../memory/opened.ts'
import type { ClockAct, ClockAnswer } from './clocks-shared.ts'
import { Deadlines, Values } from './clocks-world.ts'
import { space } from './shared.ts'

/** All who claim work do so for the same time. */
const claimMs = 10 * minute

/** What happens in a case: time passes, the clock of the last process jumps, and one process does something. */
export interface ClockStep {
  readonly passMs: number
  /** How far the clock of the last process is off from now on; null: as before. */
  readonly jumpMs: number | null
  readonly by: number
  readonly act: ClockAct['act']
  /** Which key, name, thread or run. */
  readonly one: number
  readonly forMs: number
  /** Of `readAt`: how far back it asks, as a share of the time that has passed. */
  readonly back: number
}

type Tell = (by: number, clockMs: number, does: ClockAct) => Promise<ClockAnswer>

/** Whom a process is, for what it remembers of its own. */
interface Doing extends ClockStep {
  readonly clockMs: number
  readonly offMs: number
}

const isRefused = (answer: ClockAnswer): boolean => 'refused' in answer

/** Runs a case step by step, and collects what is wrong with the answers. */
export class ClockCase {
  readonly problems: string[] = []
  readonly #tell: Tell
  readonly #last: number
  readonly #startMs: number
  readonly #deadlines = new Deadlines()
  readonly #values = new Values()
  /** The current value of each key, whether it has expired or not. */
  readonly #current = new Map<string, number>()
  /** The last token of each lease; null once it was released. */
  readonly #tokens = new Map<string, number | null>()
  /** Tokens, turns and runs that a process got, by its number and their name. */
  readonly #own = new Map<string, string | number>()
  readonly #turns = new Map<string, { readonly id: string; readonly leaseMs: number }[]>()
  readonly #runs = new Map<number, string>()
  #claimedBy: number | null = null
  #nowMs: number
  #jumpMs = 0
  #count = 0

  /** @param last The number of the process whose clock jumps. */
  constructor(startMs: number, last: number, tell: Tell) {
    this.#startMs = startMs
    this.#nowMs = startMs
    this.#last = last
    this.#tell = tell
  }

  async step(step: ClockStep): Promise<void> {
    this.#nowMs += step.passMs
    this.#jumpMs = step.jumpMs ?? this.#jumpMs
    this.#count += 1
    const offMs = step.by === this.#last ? this.#jumpMs : 0
    const doing = { ...step, offMs, clockMs: this.#nowMs + offMs }
    const wrong = await this.#acts[step.act](doing)
    if (wrong !== null) {
      const who = `process ${step.by}, ${offMs} ms off`
      this.problems.push(`${this.#count}. ${step.act} ${step.one} by ${who}, at ${isoTime(this.#nowMs)}: ${wrong}`)
    }
  }

  #does({ by, clockMs }: Doing, does: ClockAct): Promise<ClockAnswer> {
    return this.#tell(by, clockMs, does)
  }

  #committed({ offMs }: Doing): void {
    this.#values.committed({ atMs: this.#nowMs, offMs })
  }

  /** What is wrong with an answer that must be refused, or must not be. */
  #refusal(answer: ClockAnswer, mustBe: boolean, leftMs: number): string | null {
    if (isRefused(answer) === mustBe) return null
    return `${JSON.stringify(answer)}, with ${leftMs} ms left`
  }

  /** What is wrong with an answer that must be that one. */
  #unequal(answer: ClockAnswer, wanted: Json, leftMs: number): string | null {
    return equalJson(answer, { answer: wanted }) ? null : `${JSON.stringify(answer)}, with ${leftMs} ms left`
  }

  readonly #acts: { readonly [Act in ClockAct['act']]: (doing: Doing) => Promise<string | null> } = {
    write: async (doing) => {
      const [key, value, ttlMs] = [`key-${doing.one}`, this.#count, doing.forMs % 3 === 0 ? null : doing.forMs]
      const answer = await this.#does(doing, { act: 'write', key, value, ttlMs })
      if ('refused' in answer) return `refused: ${answer.refused}`
      const [told, dueMs] = [answer.answer as string | null, ttlMs === null ? null : doing.clockMs + ttlMs]
      this.#deadlines.set(`entry/${key}`, dueMs)
      this.#current.set(key, value)
      this.#values.write(key, { atMs: this.#nowMs, offMs: doing.offMs, value, told })
      this.#committed(doing)
      return told === (dueMs === null ? null : isoTime(dueMs)) ? null : `it is to expire at ${told}`
    },
    delete: async (doing) => {
      const key = `key-${doing.one}`
      const leftMs = this.#deadlines.leftMs(`entry/${key}`, doing.clockMs)
      const answer = await this.#does(doing, { act: 'delete', key })
      // Nothing was ever written.
      if (isRefused(answer)) return this.#refusal(answer, this.#tokens.size === 0 && this.#current.size === 0, leftMs)
      this.#deadlines.drop(`entry/${key}`)
      this.#values.write(key, { atMs: this.#nowMs, offMs: doing.offMs, value: null, told: null })
      this.#committed(doing)
      return this.#unequal(answer, leftMs > 0, leftMs)
    },
    read: async (doing) => {
      const key = `key-${doing.one}`
      const answer = await this.#does(doing, { act: 'read', key })
      const leftMs = this.#deadlines.leftMs(`entry/${key}`, doing.clockMs)
      const value = leftMs <= 0 ? null : (this.#current.get(key) ?? null)
      return this.#unequal(answer, [value, value], leftMs)
    },
    readAt: async (doing) => {
      const key = `key-${doing.one}`
      const askedMs = this.#nowMs - Math.floor((this.#nowMs - this.#startMs) * doing.back)
      const answer = await this.#does(doing, { act: 'readAt', key, at: isoTime(askedMs) })
      if ('refused' in answer) return `refused: ${answer.refused}`
      const own = { atMs: this.#nowMs, offMs: doing.offMs }
      const problem = this.#values.problemAt(key, askedMs, answer.answer as number | null, own)
      return problem === null ? null : `for ${isoTime(askedMs)}: ${problem}`
    },
    fact: async (doing) => {
      const [name, dueMs] = [`fact-${this.#count}`, this.#nowMs + doing.forMs]
      const answer = await this.#does(doing, { act: 'fact', name, expiresAt: isoTime(dueMs) })
      const leftMs = dueMs - doing.clockMs
      if (!isRefused(answer)) this.#deadlines.set(`fact/${name}`, dueMs)
      this.#committed(doing)
      return isRefused(answer) && leftMs > 0 ? this.#refusal(answer, false, leftMs) : null
    },
    facts: async (doing) => {
      const answer = await this.#does(doing, { act: 'facts' })
      if ('refused' in answer) return `refused: ${answer.refused}`
      const told = answer.answer as readonly string[]
      const wrong = [...Array(this.#count).keys()]
        .map((number) => `fact-${number}`)
        .filter((name) => {
          return told.includes(name) === this.#deadlines.isOver(`fact/${name}`, doing.clockMs)
        })
      return wrong.length === 0 ? null : `wrong about ${wrong.join(', ')}`
    },
    take: async (doing) => {
      const [name, leaseMs] = [`lease-${doing.one}`, doing.forMs]
      const leftMs = this.#deadlines.leftMs(name, doing.clockMs)
      const answer = await this.#does(doing, { act: 'take', name, leaseMs })
      if ('answer' in answer) this.#taken(doing, name, answer.answer as number, leaseMs)
      return this.#refusal(answer, leftMs > 0, leftMs)
    },
    renew: async (doing) => {
      const [name, leaseMs] = [`lease-${doing.one}`, doing.forMs]
      const token = this.#own.get(`${doing.by} ${name}`) as number | undefined
      if (token === undefined) return null
      const answer = await this.#does(doing, { act: 'renew', name, token, leaseMs })
      const isOurs = this.#tokens.get(name) === token
      if (isOurs) this.#deadlines.set(name, doing.clockMs + leaseMs)
      return this.#unequal(answer, isOurs, this.#deadlines.leftMs(name, doing.clockMs))
    },
    release: async (doing) => {
      const name = `lease-${doing.one}`
      const token = this.#own.get(`${doing.by} ${name}`) as number | undefined
      if (token === undefined) return null
      const answer = await this.#does(doing, { act: 'release', name, token })
      const isOurs = this.#tokens.get(name) === token
      if (isOurs) this.#tokens.set(name, null)
      if (isOurs) this.#deadlines.drop(name)
      this.#committed(doing)
      return this.#unequal(answer, isOurs, this.#deadlines.leftMs(name, doing.clockMs))
    },
    open: (doing) => this.#open(doing),
    say: (doing) => this.#say(doing),
    run: (doing) => this.#run(doing),
    claim: (doing) => this.#claim(doing),
    sweep: async (doing) => {
      const answer = await this.#does(doing, { act: 'sweep' })
      for (const name of this.#deadlines.sweep(doing.clockMs, ['entry/', 'fact/', 'turn/', 'run/'])) {
        if (!name.startsWith('entry/')) continue
        const key = name.slice('entry/'.length)
        this.#values.write(key, { atMs: this.#nowMs, offMs: doing.offMs, value: null, told: null })
      }
      this.#committed(doing)
      return this.#refusal(answer, false, 0)
    },
  }

  #taken(doing: Doing, name: string, token: number, leaseMs: number): void {
    const before = this.#tokens.get(name) ?? 0
    if (token <= before) this.problems.push(`the token ${token} of ${name} follows ${before}`)
    this.#tokens.set(name, token)
    this.#own.set(`${doing.by} ${name}`, token)
    this.#deadlines.set(name, doing.clockMs + leaseMs)
    this.#committed(doing)
  }

  /** Opens a turn alone: refused while the lease of another turn of its thread has not come to its end. */
  async #open(doing: Doing): Promise<string | null> {
    const [threadId, leaseMs] = [`thread-${doing.one}`, doing.forMs]
    const turns = this.#turns.get(threadId) ?? []
    const leftMs = Math.max(0, ...turns.map(({ id }) => this.#deadlines.leftMs(`turn/${id}`, doing.clockMs)))
    const answer = await this.#does(doing, { act: 'open', threadId, leaseMs })
    if ('answer' in answer) {
      const [id] = answer.answer as [string, number]
      this.#turns.set(threadId, [...turns, { id, leaseMs }])
      this.#own.set(`${doing.by} ${threadId}`, id)
      this.#deadlines.set(`turn/${id}`, doing.clockMs + leaseMs)
      this.#committed(doing)
    }
    return this.#refusal(answer, leftMs > 0, leftMs)
  }

  /** A step of a turn renews its lease, whether that is over or not, until somebody has ended the turn. */
  async #say(doing: Doing): Promise<string | null> {
    const threadId = `thread-${doing.one}`
    const turnId = this.#own.get(`${doing.by} ${threadId}`) as string | undefined
    const turn = this.#turns.get(threadId)?.find(({ id }) => id === turnId)
    if (turnId === undefined || turn === undefined) return null
    const isOpen = this.#deadlines.has(`turn/${turnId}`)
    const answer = await this.#does(doing, { act: 'say', threadId, turnId })
    if (isOpen) this.#deadlines.set(`turn/${turnId}`, doing.clockMs + turn.leaseMs)
    this.#committed(doing)
    return this.#refusal(answer, !isOpen, this.#deadlines.leftMs(`turn/${turnId}`, doing.clockMs))
  }

  async #run(doing: Doing): Promise<string | null> {
    const [runId, leaseMs] = [this.#runs.get(doing.one) ?? null, doing.forMs]
    const leftMs = this.#deadlines.leftMs(`run/${runId}`, doing.clockMs)
    const answer = await this.#does(doing, { act: 'run', runId, unique: `run-${doing.one}`, leaseMs })
    if ('answer' in answer) {
      const [id, token] = answer.answer as [string, number]
      this.#runs.set(doing.one, id)
      this.#taken(doing, `run/${id}`, token, leaseMs)
    }
    return this.#refusal(answer, leftMs > 0, leftMs)
  }

  async #claim(doing: Doing): Promise<string | null> {
    const answer = await this.#does(doing, { act: 'claim', leaseMs: claimMs })
    if ('refused' in answer) return `refused: ${answer.refused}`
    const isGot = (answer.answer as readonly string[]).includes(space)
    const leftMs = this.#deadlines.leftMs('claim', doing.clockMs)
    const isFree = leftMs <= 0 || leftMs > claimMs || this.#claimedBy === doing.by
    // Before the first commit there is nothing to claim.
    if (isGot !== isFree && (isGot || this.#claimedBy !== null)) return `${isGot}, with ${leftMs} ms left`
    if (!isGot) return null
    this.#claimedBy = doing.by
    this.#deadlines.set('claim', doing.clockMs + claimMs)
    return null
  }
}
