/** The types that a schema states: what it takes, and what parsing gives. */

/** What a schema takes; `unknown` if it states no types. */
export type SchemaTakes<Schema> = Schema extends {
  readonly '~standard': { readonly types?: infer Types }
}
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : unknown

/** What parsing by a schema gives; `unknown` if it states no types. */
export type SchemaGives<Schema> = Schema extends {
  readonly '~standard': { readonly types?: infer Types }
}
  ? NonNullable<Types> extends { readonly output: infer Output }
    ? Output
    : unknown
  : unknown
