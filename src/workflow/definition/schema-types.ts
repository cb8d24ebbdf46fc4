/** The types that a schema states: what it takes, and what parsing gives. */

/** One side of a schema; `unknown` if it states no types. */
type SchemaSide<Schema, Side extends 'input' | 'output'> = Schema extends {
  readonly '~standard': { readonly types?: infer Types }
}
  ? NonNullable<Types> extends { readonly [Each in Side]: infer Value }
    ? Value
    : unknown
  : unknown

/** What a schema takes; `unknown` if it states no types. */
export type SchemaTakes<Schema> = SchemaSide<Schema, 'input'>

/** What parsing by a schema gives; `unknown` if it states no types. */
export type SchemaGives<Schema> = SchemaSide<Schema, 'output'>
