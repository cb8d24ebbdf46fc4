// Nothing that is thrown in a timer, a listener or a background task of ours is ever uncaught, and none of it is lost.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { afterThis, detach, every, listenTo, nextTurn, after as once, whenAborted } from '../../src/domain/detached.ts'
import { startWorker } from '../concurrency/process.ts'
import { temporaryFolder } from '../memory/opened.ts'
import { detachedPlaces } from '../tidy/detached.ts'
import { isCode, readRepository } from '../tidy/repository.ts'
import { parseSource } from '../tidy/source-file.ts'
import { places } from './places.ts'
import { scenarios } from './scenarios.ts'
import type { ScenarioLine, ScenarioTask } from './worker.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const worker = new URL('./worker.ts', import.meta.url)

describe('the places where work is started that nobody awaits', () => {
  const found = readRepository()
    .filter(isCode)
    .flatMap(({ path, text }) => detachedPlaces(parseSource(path, text)))

  it('are all in the table, each with how it fails and what is observed', () => {
    expect(Object.keys(places).toSorted()).toEqual(found.toSorted())
  })

  it('are proven by what exists', () => {
    const proofs = Object.values(places)
    for (const place of proofs) {
      if ('scenario' in place) expect(Object.keys(scenarios)).toContain(place.scenario)
      if ('test' in place) expect(existsSync(join(root, place.test)), place.test).toBe(true)
    }
    const used = proofs.flatMap((place) => ('scenario' in place ? [place.scenario] : []))
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(scenarios).toSorted())
  })

  it('are found in any spelling', () => {
    const text = 'class A { b = () => { every(1, f, g); x.subscribe(f); const c = () => { every(2, f, g) } } }'
    expect(detachedPlaces(parseSource('src/memory/x.ts', text))).toEqual([
      'memory/x.ts A b every',
      'memory/x.ts A b subscribe',
      'memory/x.ts A b c every',
    ])
  })
})

describe('in a process of its own', () => {
  it.each(Object.keys(scenarios))('%s', async (name) => {
    const path = join(temporaryFolder(), 'memory.db')
    const { lines, ended, errors } = startWorker<ScenarioLine>(worker, { name, path } satisfies ScenarioTask)
    expect([await ended, errors()]).toEqual([0, ''])
    expect(lines.map(({ observed }) => observed)).toEqual([scenarios[name]?.expected])
    const warns = ['waker', 'tracer'].includes(name)
    expect(new Set(lines[0]?.warnings)).toEqual(new Set(warns ? ['AQUIFER_BACKGROUND'] : []))
  })
})

describe('each way to start work', () => {
  const thrown = new Error('of the work')
  const failing = [
    () => {
      throw thrown
    },
    () => Promise.reject(thrown),
    async () => {
      await null
      throw thrown
    },
    // biome-ignore lint/suspicious/noThenProperty: an answer that is a promise in name only
    () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(thrown) }),
  ]
  const starters: Readonly<Record<string, (work: () => unknown, onError: (error: unknown) => void) => unknown>> = {
    detach,
    nextTurn,
    afterThis,
    after: (work, onError) => once(1, work, onError),
    every: (work, onError) => {
      const timer = every(1, work, (error) => {
        timer.stop()
        onError(error)
      })
    },
    whenAborted: (work, onError) => {
      const controller = new AbortController()
      whenAborted([controller.signal], work, onError)
      controller.abort()
    },
    listenTo: (work, onError) => {
      listenTo({ on: (_, listener) => queueMicrotask(listener) }, 'message', work, onError)
    },
  }

  it.each(Object.keys(starters))('%s tells its errors', async (name) => {
    for (const work of failing) {
      const told = await new Promise((resolve) => starters[name]?.(work, resolve))
      expect(told).toBe(thrown)
    }
  })

  it('warns where telling fails too', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    detach(
      () => {
        throw thrown
      },
      () => {
        throw new Error('of telling')
      },
    )
    const details = warn.mock.calls.map((call) => (call[1] as unknown as { detail: string }).detail.split('\n')[0])
    warn.mockRestore()
    expect(details).toEqual(['Error: of the work', 'Error: of telling'])
  })

  it('stops', async () => {
    let count = 0
    const timers = [every(1, () => count++, expect), once(1, () => count++, expect)]
    for (const timer of timers) timer.stop()
    const controller = new AbortController()
    whenAborted([controller.signal], () => count++, expect)()
    controller.abort()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(count).toBe(0)
  })
})
