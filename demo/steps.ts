/** The work that two agents do at the same moment, each for all seats, in the same records. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Memory } from 'aquifer'
import { type Role, resourceId, seatCount, seats, stepId, teamId } from './acme.ts'
import { report } from './report.ts'
import type { Turn } from './turn.ts'

export type Worker = Exclude<Role, 'sales'>
type Mark = 'provisioned' | 'welcomed'

export const marks: Readonly<Record<Worker, Mark>> = { implementation: 'provisioned', support: 'welcomed' }

/** A step takes this long: time for others to write in between, and for a process to be killed. */
const stepMs = 12

/** How far an agent has come, kept in team memory: what it reads when it is started again. */
export interface Progress {
  /** Its open turn. */
  readonly turnId: string
  /** Seq up to which it has read the feed, and how many steps it has heard of until there. */
  readonly after: number
  readonly heard: number
}

export type Checklist = Partial<Record<Worker, Readonly<Record<string, string>>>>

/** Seats that the memory says this agent is done with. */
export async function seatsDone(memory: Memory, worker: Worker): Promise<readonly string[]> {
  const checklist = await memory.team(teamId).read<Checklist>('checklist')
  return Object.keys(checklist?.[worker] ?? {}).sort()
}

/** One step: a merge into working memory, then a merge, an increment and an append to team memory in one commit. */
export async function doStep(memory: Memory, worker: Worker, seat: string): Promise<boolean> {
  const mark = marks[worker]
  const merged = await memory.updateWorkingMemory({
    resourceId,
    workingMemory: { seats: { [seat]: { [mark]: true } } },
  })
  if (merged.status === 'written') report({ kind: 'merge', seat, seq: merged.version })
  const committed = await memory.team(teamId).space.commit(
    [
      { kind: 'entry-merge', key: 'checklist', patch: { [worker]: { [seat]: mark } } },
      { kind: 'entry-increment', key: 'handled_steps', by: 1 },
      { kind: 'entry-append', key: 'timeline', item: `${worker} ${seat}` },
    ],
    { id: stepId(worker, seat) },
  )
  if (committed.status === 'conflict') throw new Error(`The step for seat ${seat} was refused: ${committed.reason}.`)
  report({ kind: 'step', seat, seq: committed.seq, replayed: committed.replayed })
  return committed.replayed
}

/** Listens to the steps of both agents on the feed while it does its own. */
export class Listener {
  readonly #memory: Memory
  after: number
  heard: number
  #outOfOrder = 0

  constructor(memory: Memory, { after, heard }: Pick<Progress, 'after' | 'heard'>) {
    this.#memory = memory
    this.after = after
    this.heard = heard
  }

  /** Follows the log of the team, each commit once and in order, until both agents have ticked themselves off in it. */
  async listen(): Promise<void> {
    const open = new Set<string>(Object.values(marks).map((mark) => `onboarding_${mark}`))
    for await (const { seq, rows } of this.#memory.team(teamId).space.changes({ after: this.after })) {
      if (seq !== this.after + 1) this.#outOfOrder += 1
      this.after = seq
      for (const effect of rows.flatMap(({ effects }) => effects)) {
        if (effect.kind === 'entry-increment') this.heard += effect.by
        if (effect.kind === 'entry-write') open.delete(effect.key)
      }
      if (open.size === 0) break
    }
    report({ kind: 'heard', steps: this.heard, outOfOrder: this.#outOfOrder })
  }
}

/** Does the steps that are open, notes its progress in team memory, and tells the customer now and then. */
export async function doSteps(memory: Memory, worker: Worker, turn: Turn, listener: Listener): Promise<void> {
  const team = memory.team(teamId)
  const done = new Set(await seatsDone(memory, worker))
  for (const seat of seats) {
    if (done.has(seat)) continue
    await doStep(memory, worker, seat)
    const count = Number(seat)
    if (count % 10 === 0) {
      const { after, heard } = listener
      await team.write(`progress_${worker}`, { turnId: turn.id, after, heard } satisfies Progress)
    }
    if (count % 50 === 0 && count < seatCount) await turn.say(`${count} of ${seatCount} seats ${marks[worker]}.`)
    await pause(stepMs)
  }
}
