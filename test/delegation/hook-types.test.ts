// The types of hooks, checks, budgets and results: what an application writes without naming a type.
import type {
  AgentResult,
  AgentStream,
  CompletionCheck,
  CompletionReason,
  CompletionScorerInput,
  DelegationComplete,
  DelegationStart,
  IterationComplete,
  IterationRecord,
  NetworkEvent,
  NetworkStream,
} from 'aquifer'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { at, supervisor } from './scene.ts'

const answering = (...script: readonly string[]) => supervisor(script, openMemory(), {}).agent

describe('types', () => {
  it('of hooks are known where they are written', async () => {
    const { text } = await answering('Hi.').generate('Hi', {
      ...at,
      onIterationComplete: (iteration) => {
        expectTypeOf(iteration).toEqualTypeOf<IterationComplete>()
        expectTypeOf(iteration.toolCalls[0]?.args).toEqualTypeOf<unknown>()
        return { continue: true, feedback: '' }
      },
      isTaskComplete: {
        scorers: [
          {
            id: 'one',
            run: async (input) => {
              expectTypeOf(input).toEqualTypeOf<CompletionScorerInput>()
              return { score: 1 }
            },
          },
        ],
        onComplete: (check) => expectTypeOf(check).toEqualTypeOf<CompletionCheck>(),
      },
      budget: {
        usd: 1,
        price: (usage, model) => {
          expectTypeOf(usage.totalTokens).toEqualTypeOf<number | undefined>()
          expectTypeOf(model).toEqualTypeOf<string>()
          return 0
        },
      },
      delegation: {
        onDelegationStart: (start) => {
          expectTypeOf(start).toEqualTypeOf<DelegationStart>()
        },
        onDelegationComplete: (complete) => {
          expectTypeOf(complete).toEqualTypeOf<DelegationComplete>()
        },
      },
    })
    expect(text).toBe('Hi.')
  })

  it('of what hooks answer are checked', () => {
    type Options = NonNullable<Parameters<ReturnType<typeof answering>['generate']>[1]>
    expectTypeOf<{ onIterationComplete: () => { continue: string } }>().not.toExtend<Options>()
    expectTypeOf<{ isTaskComplete: { scorers: [{ id: string; run: () => boolean }] } }>().not.toExtend<Options>()
    expectTypeOf<{ budget: { usd: string } }>().not.toExtend<Options>()
    expectTypeOf<{ onIterationComplete: () => Promise<void> }>().toExtend<Options>()
  })

  it('of results say why a run ended, and what each step did', async () => {
    expectTypeOf<AgentResult['completionReason']>().toEqualTypeOf<CompletionReason | null>()
    expectTypeOf<AgentResult['iterations']>().toEqualTypeOf<readonly IterationRecord[]>()
    expectTypeOf<AgentStream['completionReason']>().toEqualTypeOf<Promise<CompletionReason | null>>()
    const agent = answering('Hi.', '{"a":1}')
    const stream = await agent.network('Hi', at)
    expectTypeOf(stream).toEqualTypeOf<NetworkStream>()
    for await (const event of stream) {
      expectTypeOf(event).toEqualTypeOf<NetworkEvent>()
      if (event.type === 'network-validation-end') expectTypeOf(event.payload.passed).toEqualTypeOf<boolean>()
      if (event.type === 'network-execution-event-finish') {
        expectTypeOf(event.payload.completionReason).toEqualTypeOf<CompletionReason | null>()
      }
    }
    const schema = z.object({ a: z.number() })
    const shaped = await agent.network('Hi', { ...at, structuredOutput: { schema } })
    expectTypeOf(await shaped.object).toEqualTypeOf<{ a: number }>()
    expect(await shaped.object).toEqual({ a: 1 })
  })
})
