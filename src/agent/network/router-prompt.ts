/** What a router is told about the agents, workflows and tools that it may hand a task to. */
import type { SystemModelMessage, ToolSet } from 'ai'
import { toolPrefix } from '../subagents/primitives.ts'
import { isInternalTool } from '../tools/memory-scope.ts'

/** A primitive as a router sees it. */
interface Routed {
  readonly name: string
  readonly kind: 'tool' | 'workflow' | 'agent'
  readonly description: string
  readonly input: unknown
}

const kinds: readonly Routed['kind'][] = ['tool', 'workflow', 'agent']

function kindOf(name: string): Routed['kind'] {
  if (name.startsWith(toolPrefix.agent)) return 'agent'
  return name.startsWith(toolPrefix.workflow) ? 'workflow' : 'tool'
}

/** How many fields an input must have: who asks for more, does something more particular. */
function requiredIn(input: unknown): number {
  const { required } = (input ?? {}) as { readonly required?: unknown }
  return Array.isArray(required) ? required.length : 0
}

/** The more particular one first: tools, workflows, agents; among equals the one that needs more; then by name. */
function compare(left: Routed, right: Routed): number {
  const byKind = kinds.indexOf(left.kind) - kinds.indexOf(right.kind)
  const byInput = requiredIn(right.input) - requiredIn(left.input)
  return byKind || byInput || (left.name < right.name ? -1 : 1)
}

function lineOf({ name, kind, description, input }: Routed): string {
  const schema = kind === 'agent' ? '' : ` Input: ${JSON.stringify(input)}`
  return `- ${name} (${kind}): ${description.trim().replace(/\s+/g, ' ')}${schema}`
}

const rules = [
  'You direct the work that follows. You do not do yourself what one of these can do:',
  'Choose by description and input. Where several fit, take the one that stands first in the list: it does the more particular thing.',
  'Before you choose, say in one sentence why. Give each a task that can be understood without this conversation.',
  'Do not ask the same one for the same thing twice. Its answer will not change.',
  'Once the request is fulfilled, answer it whole and in your own words. Choose nothing more then.',
]

async function inputOf(schema: unknown): Promise<unknown> {
  const { jsonSchema } = (schema ?? {}) as { readonly jsonSchema?: unknown }
  const known = (await jsonSchema) as Record<string, unknown> | undefined
  if (known === undefined) return {}
  const { $schema: _, ...own } = known
  return own
}

/**
 * The instructions of a router.
 *
 * @param tools Those of the call, with converted schemas.
 * @param more What the application adds.
 */
export async function routerPrompt(tools: ToolSet, more: string | undefined): Promise<SystemModelMessage> {
  const own = Object.entries(tools).filter(([, tool]) => !isInternalTool(tool))
  const all = own.map(async ([name, tool]): Promise<Routed> => {
    const { description, inputSchema } = tool as { readonly description?: unknown; readonly inputSchema?: unknown }
    const text = typeof description === 'string' ? description : ''
    return { name, kind: kindOf(name), description: text, input: await inputOf(inputSchema) }
  })
  const lines = (await Promise.all(all)).toSorted(compare).map(lineOf)
  const [first, ...others] = rules
  const content = [first, '', ...lines, '', ...others, ...(more === undefined ? [] : ['', more])].join('\n')
  return { role: 'system', content }
}
