/** Cases of the limits of facts. */
import { expectEqual } from './assert.ts'
import { assertFact, retire } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { sceneCase } from './scene.ts'

export const factLimitCases: readonly StorageCase[] = [
  sceneCase(
    'a fact over its limits is refused',
    async (scene) => {
      const a = await scene.asserted(assertFact('A'))
      const b = await scene.asserted(assertFact('B', { conflictsWith: [a] }))
      const limits = { factBytes: 12, metadataBytes: 10, factLinks: 1 }
      await scene.committed(assertFact('x'.repeat(10)), { limits })
      const refused = [
        assertFact('x'.repeat(11)),
        assertFact('üüüüüü'),
        assertFact('x', { metadata: { a: 'xxxx' } }),
        assertFact('x', { sources: ['a', 'b'] }),
        assertFact('x', { conflictsWith: [a] }),
        assertFact('x', { supersedes: [a, b] }),
        retire(a, b),
      ]
      for (const change of refused) await scene.refused('limit-exceeded', change, { limits })
      for (const words of ['C', 'D']) await scene.committed(assertFact(words, { conflictsWith: [a] }))
      await scene.committed(retire(b), { limits })
      expectEqual(
        (await scene.fact(a))?.conflictsWith.length,
        2,
        'marks that are left may be more than a lower limit allows',
      )
    },
    11,
  ),
  sceneCase(
    'what waits for extraction may be as long as a message, in every version',
    async (scene) => {
      const limits = { factBytes: 12, messageBytes: 30 }
      const queued = { queued: true } as const
      const factId = await scene.asserted(assertFact('x'.repeat(28), queued), { limits })
      await scene.committed({ kind: 'fact-assert', factId, text: 'y'.repeat(28) }, { limits })
      const refused = [
        assertFact('x'.repeat(29), queued),
        { kind: 'fact-assert', factId, text: 'y'.repeat(29) } as const,
        assertFact('x'.repeat(28)),
      ]
      for (const change of refused) await scene.refused('limit-exceeded', change, { limits })
      expectEqual((await scene.fact(factId))?.text, 'y'.repeat(28), 'what waits')
    },
    11,
  ),
]
