/** Changes of steps, with what their owner has to remember of them. */
import type { ChangeOf } from '../../domain/commit/commit.ts'
import type { StepFields } from '../../domain/records/step.ts'

export interface StepChange {
  readonly path: string
  readonly status: StepFields['status']
  /** How often it was started then. */
  readonly attempt: number
  readonly change: ChangeOf<'step-put'> | ChangeOf<'step-patch'>
}

export function stepPut(fields: Omit<ChangeOf<'step-put'>, 'kind'>): StepChange {
  const { path, status } = fields
  return { path, status, attempt: status === 'started' ? 1 : 0, change: { kind: 'step-put', ...fields } }
}

/** @param attempt How often it was started before. */
export function stepPatch(attempt: number, fields: Omit<ChangeOf<'step-patch'>, 'kind' | 'attempt'>): StepChange {
  const { path, status } = fields
  if (status !== 'started') return { path, status, attempt, change: { kind: 'step-patch', ...fields } }
  const next = attempt + 1
  return { path, status, attempt: next, change: { kind: 'step-patch', ...fields, attempt: next } }
}
