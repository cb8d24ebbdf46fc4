/** Every row, in the order of the table. */
import type { Row } from '../row.ts'
import { agentsRow } from './agents.ts'
import { condenseRow } from './condense.ts'
import { delegationRows } from './delegation.ts'
import { entryRows } from './entries.ts'
import { importCostRow } from './import-cost.ts'
import { indexRows } from './index-size.ts'
import { notesRow } from './notes.ts'
import { processesRow } from './processes.ts'
import { readMessagesRows } from './read-messages.ts'
import { recallRows } from './recall.ts'
import { saveRows } from './save.ts'
import { stallRows } from './stalls.ts'
import { threadRows } from './threads.ts'
import { tracingRow } from './tracing.ts'
import { workflowRows } from './workflows.ts'
import { workingMemoryRows } from './working-memory.ts'

export const rows: readonly Row[] = [
  ...saveRows,
  ...readMessagesRows,
  ...threadRows,
  ...entryRows,
  ...workingMemoryRows,
  ...recallRows,
  ...indexRows,
  condenseRow,
  tracingRow,
  agentsRow,
  notesRow,
  ...delegationRows,
  ...workflowRows,
  processesRow,
  importCostRow,
  ...stallRows,
]
