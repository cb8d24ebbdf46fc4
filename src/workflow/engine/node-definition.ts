/** What tells whether a place of a workflow is still the one that a record was written for. */

import { digestOf } from '../../domain/digest.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import type { WorkRunStep } from '../../ports/agent-memory.ts'
import { definitionHash } from '../definition/definition-hash.ts'
import { type Flow, type FlowNode, type FlowStep, isFlow } from '../definition/step.ts'
import { inputPath, outputPath, pathParts } from './paths.ts'

/** The name of a node that is no step, in its records. */
export function nodeName(node: FlowNode): string {
  return node.kind === 'loop' ? (node.until ? 'dountil' : 'dowhile') : node.kind
}

function stepsOf(node: FlowNode): readonly FlowStep[] {
  if (node.kind === 'parallel') return node.steps
  if (node.kind === 'branch') return node.arms.map(({ step }) => step)
  return 'step' in node ? [node.step] : []
}

/** The definition of a node that is no step: its kind, and the ids of the steps in it. */
export function nodeDefinition(node: FlowNode): string {
  const text = JSON.stringify([nodeName(node), ...stepsOf(node).map(({ id }) => id)])
  return digestOf('sha256', text, 'hex').slice(0, 16)
}

/** What a record says, or a workflow has now, at one place. */
interface Definition {
  readonly stepId: string
  readonly definition: string
}

/** The step that a part of a path names in a node: of a block by its id, otherwise the only one. */
function stepIn(node: FlowNode, part: string | undefined): FlowStep | undefined {
  if (node.kind === 'parallel' || node.kind === 'branch') {
    return stepsOf(node).find(({ id }) => encodeURIComponent(id) === part)
  }
  return stepsOf(node)[0]
}

/** What stands at a path of a workflow now: a step, or a node that is none; null for nothing. */
function placeAt(flow: Flow, path: string): { readonly step: FlowStep } | { readonly node: FlowNode } | null {
  const parts = [...pathParts(path)]
  for (let own: Flow = flow; ; ) {
    const first = parts.shift()
    const node = first === undefined ? undefined : own.nodes[Number(first.part)]
    if (first === undefined || node === undefined) return null
    const isBlock = node.kind === 'parallel' || node.kind === 'branch'
    if (parts.length === 0 && node.kind !== 'step' && first.index === null) return { node }
    const isRepeated = node.kind === 'foreach' || node.kind === 'loop'
    if ((first.index !== null) !== isRepeated) return null
    const step = stepIn(node, isBlock ? parts.shift()?.part : undefined)
    if (step === undefined) return null
    if (parts.length === 0) return { step }
    if (!isFlow(step)) return null
    own = step
  }
}

/** The step at a path of a workflow now; null if there is none. */
export function stepAt(flow: Flow, path: string): FlowStep | null {
  const place = placeAt(flow, path)
  return place !== null && 'step' in place ? place.step : null
}

/** The definition of what stands at a path of a workflow now; null for nothing. */
function definitionAt(flow: Flow, path: string): Definition | null {
  const place = placeAt(flow, path)
  if (place === null) return null
  if ('step' in place) return { stepId: place.step.id, definition: definitionHash(place.step) }
  return { stepId: nodeName(place.node), definition: nodeDefinition(place.node) }
}

/** A record that the workflow has no longer a place for. */
interface ChangedDefinition {
  readonly path: string
  readonly stored: Definition
  readonly current: Definition | null
}

/** The first of some records whose place in the workflow is gone or has another step; null if there is none. */
function changedDefinition(flow: Flow, steps: readonly WorkRunStep[]): ChangedDefinition | null {
  for (const { path, stepId, definition } of steps) {
    if (path === inputPath || path === outputPath) continue
    const current = definitionAt(flow, path)
    if (current?.stepId === stepId && current.definition === definition) continue
    return { path, stored: { stepId, definition }, current }
  }
  return null
}

/**
 * Checks that a workflow still has the places that a run has records of.
 *
 * @throws MemoryError `conflict` with the `reason` `definition-changed`, and both definitions, in its details.
 */
export function checkDefinition(flow: Flow, runId: string, steps: readonly WorkRunStep[]): void {
  const changed = changedDefinition(flow, steps)
  if (changed === null) return
  const { path, stored, current } = changed
  const isSameStep = current?.stepId === stored.stepId
  const other = current === null ? 'nothing stands there now' : `${shown(current.stepId)} stands there now`
  const now = isSameStep ? 'the schemas of that step differ now' : other
  throw new MemoryError('conflict', {
    message: `The workflow ${shown(flow.id)} has changed since this run began: at ${path} it ran ${shown(stored.stepId)}, and ${now}.`,
    fix: 'Go on with the earlier code, or cancel the run and start a new one.',
    details: { reason: 'definition-changed', runId, path, stored, current },
  })
}
