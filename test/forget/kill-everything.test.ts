// Kill -9 in the middle of forgetting parts of a file with everything in it: at its commit, and while the file is rewritten.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startWorker } from '../concurrency/process.ts'
import {
  answersOf,
  expectGone,
  expectSound,
  parts,
  plantAll,
  reopened,
  spaces,
  sweepAll,
  targets,
} from './everything.ts'

interface Step {
  readonly step: 'opened' | 'erased' | 'complete'
}

/** When it is killed: so many milliseconds after it has said how far it is. */
const moments: readonly (readonly [Step['step'], number])[] = [
  ['opened', 0],
  ['opened', 4],
  ['erased', 0],
  ['erased', 25],
  ['erased', 40],
  ['erased', 60],
  ['erased', 90],
]

it.each(targets.map((target, i) => [...target, ...(moments[i] ?? ['erased', 30])] as const))(
  '%s',
  async (_, touched, names, asked, step, ms) => {
    const planted = await plantAll()
    for (let i = 0; i < 200; i++) await planted.memory.team('filler').write(`k${i}`, 'x'.repeat(4_000))
    await sweepAll(planted.memory)
    await planted.memory.settled()
    const others = spaces.filter((name) => !touched.includes(name))
    const before = await Promise.all(others.map((name) => answersOf(planted.memory, name)))
    await planted.memory.close()
    const worker = startWorker<Step>(new URL('./kill-worker.ts', import.meta.url), {
      url: planted.url,
      asked: asked(planted),
    })
    await expect.poll(() => worker.lines.map((line) => line.step)).toContain(step)
    await delay(ms)
    worker.child.kill('SIGKILL')
    expect([await worker.ended, worker.errors()]).toEqual([null, ''])

    const memory = reopened(planted)
    const isErased = worker.lines.length > 1
    // What was erased is completed by whoever settles; what was not begun is asked for again.
    if (!isErased) await memory.forget(asked(planted))
    await memory.settled()
    expect((await memory.receipts()).map(({ state }) => state)).not.toContain('pending')
    const secretsOf = (wanted: boolean) =>
      parts.filter((part) => names.includes(part) === wanted).flatMap((part) => planted.secrets[part].texts)
    expectGone(planted.path, secretsOf(true), secretsOf(false))
    await expectSound({ memory, path: planted.path })
    expect(await Promise.all(others.map((name) => answersOf(memory, name)))).toEqual(before)
  },
)
