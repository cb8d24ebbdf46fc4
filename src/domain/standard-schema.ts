/** Schemas of any library that follows the Standard Schema specification. */
import { isJsonObject } from './json.ts'

/** A schema of any library that follows the Standard Schema specification, zod among them. */
export interface StandardSchema {
  /** What the specification asks for. Libraries such as zod, valibot and arktype provide it. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
  }
}

type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

/** An issue that a schema has with a value. */
export interface SchemaIssue {
  /** Dots lead to the field, such as `address.city`. Empty for the whole value. */
  readonly path: string
  /** What the schema says about it. */
  readonly message: string
}

/** The issues of a schema with a value; empty if it parses. */
export async function schemaIssues(schema: StandardSchema, value: unknown): Promise<readonly SchemaIssue[]> {
  const result = await schema['~standard'].validate(value)
  return (result.issues ?? []).map(({ message, path = [] }) => {
    const keys = path.map((part) => String(isJsonObject(part) && 'key' in part ? part.key : part))
    return { path: keys.join('.'), message }
  })
}
