/** Checks the options of the calls of a run. */
import { requestContextOf } from '../agent/request-context.ts'
import { check, fieldsOf, isText, isWholeFrom } from '../domain/option-checks.ts'
import { usableMemory } from '../ports/agent-memory.ts'
import { workflowStatuses } from './engine/events.ts'

const startNames = ['inputData', 'initialState', 'requestContext', 'abortSignal']
const resumeNames = ['step', 'label', 'forEachIndex', 'resumeData', 'author', 'requestContext']

export function checkStartOptions(options: unknown): void {
  const fields = fieldsOf(options ?? null, 'start', startNames)
  requestContextOf(fields)
  check(fields, 'abortSignal', 'must be an AbortSignal', 'Pass controller.signal.', isSignal)
}

const isSignal = (value: unknown) => value instanceof AbortSignal

/** @throws MemoryError `invalid-input` for what is no signal. */
export function checkSignal(signal: unknown): void {
  check({ signal }, 'signal', 'must be an AbortSignal', 'Pass controller.signal.', isSignal)
}

export function checkResumeOptions(options: unknown): void {
  const fields = fieldsOf(options, 'resume', resumeNames)
  requestContextOf(fields)
  check(fields, 'label', 'must be a text', 'Pass the resumeLabel of the step.', isText)
  check(fields, 'forEachIndex', 'must be a whole number from 0', 'Pass the index of the item.', isWholeFrom(0))
}

/** @throws MemoryError `invalid-input` for a wrong option of `createRun`. */
export function checkCreateRunOptions(options: unknown): void {
  const fields = fieldsOf(options, 'createRun', ['runId', 'resourceId', 'threadId'])
  check(fields, 'runId', 'must be a text', 'Leave it out for a random one.', isText)
  check(fields, 'resourceId', 'must be a text', 'Pass the id of the user, or leave it out.', isText)
  check(fields, 'threadId', 'must be a text', 'Pass the id of a thread, or leave it out.', isText)
}

/** @throws MemoryError `invalid-input` for a wrong option of `getRun`. */
export function checkGetRunOptions(options: unknown): { readonly resourceId?: string } {
  const fields = fieldsOf(options, 'getRun', ['resourceId'])
  check(fields, 'resourceId', 'must be a text', 'Pass the id of the user, or leave it out.', isText)
  return fields
}

/** @throws MemoryError `invalid-input` for a wrong option of `listRuns`. */
export function checkListRunsOptions(options: unknown): void {
  const fields = fieldsOf(options, 'listRuns', ['resourceId', 'status', 'limit', 'cursor'])
  check(fields, 'resourceId', 'must be a text', 'Pass the id of the user, or leave it out.', isText)
  check(fields, 'status', `must be one of ${workflowStatuses.join(', ')}`, 'Leave it out for all.', (value) => {
    return (workflowStatuses as readonly unknown[]).includes(value)
  })
  check(fields, 'limit', 'must be a whole number from 1 to 100', 'Leave it out for 50.', isWholeFrom(1, 100))
  check(fields, 'cursor', 'must be a text', 'Pass the nextCursor of the page before.', isText)
}

/** @throws MemoryError `invalid-input` for what is no memory. */
export function checkMemoryOption(memory: unknown): void {
  check({ memory }, 'memory', 'must be a Memory', 'Pass new Memory().', (value) => usableMemory(value) !== null)
}
