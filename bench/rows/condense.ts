/** Row of condensing without a model: the floor is the analyser of words alone, which reads the same texts once. */
import { condense } from '../../src/derive/condense/condense.ts'
import { analyse } from '../../src/domain/index/words.ts'
import { saidAt } from '../recall-corpus.ts'
import type { ComparedRow } from '../row.ts'

const turns = 500
const messages = Array.from({ length: turns }, (_, turn) => saidAt(turn)).flatMap((turn) =>
  turn.map(({ content, role }) => ({ text: content, speaker: role, at: '2026-03-01T12:00:00.000Z' })),
)
const units = messages.length

export const condenseRow: ComparedRow = {
  kind: 'compared',
  name: 'condense without a model',
  unit: 'messages',
  target: { ratio: 0.5 },
  unitsPerRun: units,
  runs: 20,
  floor: () => ({
    run: () => {
      for (const { text } of messages) analyse(text, 'english')
    },
    close: () => {},
  }),
  ours: () => ({
    run: () => {
      condense(messages)
    },
    close: () => {},
  }),
}
