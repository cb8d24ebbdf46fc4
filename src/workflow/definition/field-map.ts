/** Maps that are written as data: an object that says where each field of the output comes from. */

import { invalidInput } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { fieldsOf, isFunction, isText } from '../../domain/option-checks.ts'
import type { NodeContext, OutputOf } from './context.ts'
import { checkList, checkStep } from './flow-checks.ts'
import type { SchemaGives } from './schema-types.ts'
import type { Flow, FlowStep } from './step.ts'

/** Where a field of the output comes from. In a path, dots lead to a field; `.` is the whole value. */
export type FieldSource<Context = never> =
  /** The output of a step that has ended; of several, the first that has one. */
  | { readonly step: FlowStep | readonly FlowStep[]; readonly path: string }
  /** What the workflow was started with. */
  | { readonly initData: Flow; readonly path: string }
  /** A value of the request's context. */
  | { readonly requestContextPath: string; readonly schema?: unknown }
  /** A value that is always the same. */
  | { readonly value: unknown; readonly schema?: unknown }
  /** What the function returns. */
  | { readonly fn: (context: Context) => unknown; readonly schema?: unknown }

type Field<Value, Key extends string> = Key extends keyof Value ? Value[Key] : unknown

type At<Value, Path extends string> = Path extends '.'
  ? Value
  : Path extends `${infer Head}.${infer Rest}`
    ? At<Field<Value, Head>, Rest>
    : Field<Value, Path>

/** Without the `readonly` of what is written in place. */
type Writable<Value> = Value extends object ? { -readonly [Key in keyof Value]: Writable<Value[Key]> } : Value

type FieldOf<Source> = Source extends {
  readonly step: readonly (infer Step)[]
  readonly path: infer Path extends string
}
  ? At<OutputOf<Step>, Path>
  : Source extends { readonly step: infer Step; readonly path: infer Path extends string }
    ? At<OutputOf<Step>, Path>
    : Source extends {
          readonly initData: { readonly inputSchema: infer Schema }
          readonly path: infer Path extends string
        }
      ? At<SchemaGives<Schema>, Path>
      : Source extends { readonly schema: infer Schema }
        ? SchemaGives<Schema>
        : Source extends { readonly value: infer Value }
          ? Writable<Value>
          : Source extends { readonly fn: (context: never) => infer Value }
            ? Awaited<Value>
            : unknown

/** The output of a map that is written as data. */
export type MappedFields<Sources> = { -readonly [Key in keyof Sources]: FieldOf<Sources[Key]> }

type Read = (context: NodeContext) => unknown

const fix = `Pass { step, path: 'field' }, { initData: workflow, path }, { value }, { fn } or { requestContextPath }.`

function at(value: unknown, path: string): unknown {
  if (path === '.') return value
  let found = value
  for (const key of path.split('.')) {
    const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, key)
    found = isThere ? (found as Record<string, unknown>)[key] : undefined
  }
  return found
}

function readStep(given: unknown, path: string, field: string): Read {
  const list = Array.isArray(given) ? checkList(given, field, fix) : [given]
  const steps = list.map((step) => checkStep(step, field))
  return ({ getStepResult }) => {
    const found = steps.find((step) => getStepResult(step) !== null)
    return at(found === undefined ? undefined : getStepResult(found), path)
  }
}

function readContext(path: string): Read {
  const [key = '', ...rest] = path.split('.')
  return ({ requestContext }) => {
    const value = requestContext.get(key)
    return rest.length === 0 ? value : at(value, rest.join('.'))
  }
}

/** Which fields go together. `schema` says the type of a value, and checks nothing: the next step does. */
const forms = ['step path', 'initData path', 'requestContextPath', 'value', 'fn']

function readOf(given: unknown, field: string): Read {
  const known = ['step', 'path', 'initData', 'requestContextPath', 'value', 'fn', 'schema']
  const { schema: _schema, ...source } = fieldsOf(given ?? null, field, known)
  const form = Object.keys(source).sort((left, right) => known.indexOf(left) - known.indexOf(right))
  const { step, path, requestContextPath, value, fn } = source
  const named = form.join(' ').replace('path initData', 'initData path')
  if (!forms.includes(named)) throw invalidInput(field, 'must have one source', given, fix)
  if (named === 'value') return () => value
  if (named === 'fn') {
    if (!isFunction(fn)) throw invalidInput(`${field}.fn`, 'must be a function', fn, 'Pass async ({ inputData }) => ….')
    return fn as Read
  }
  const where = path ?? requestContextPath
  if (!isText(where)) throw invalidInput(`${field}.path`, 'must be a text', where, `Pass '.' for the whole value.`)
  if (named === 'requestContextPath') return readContext(where as string)
  if (named === 'step path') return readStep(step, where as string, `${field}.step`)
  return ({ getInitData }) => at(getInitData(), where as string)
}

/** The function of a map that is written as data. */
export function fieldMap(sources: unknown): Read {
  if (!isJsonObject(sources)) throw invalidInput('map', 'must be a function or an object', sources, fix)
  const reads = Object.entries(sources).map(([key, source]) => [key, readOf(source, `map.${key}`)] as const)
  return async (context) => {
    const fields = await Promise.all(reads.map(async ([key, read]) => [key, await read(context)] as const))
    return Object.fromEntries(fields)
  }
}
