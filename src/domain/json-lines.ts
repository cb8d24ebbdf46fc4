/** JSON as lines of text: how working memory kept as JSON becomes a text. Pure. */
import { isJsonObject, type Json, type JsonObject } from './json.ts'

const step = '  '

/** A value after the sign or the name of its line; what does not fit on one line follows, indented. */
function valueLines(head: string, value: Json, indent: string): readonly string[] {
  if (typeof value === 'object' && value !== null) return [`${indent}${head}`, ...itemLines(value, indent + step)]
  const [first = '', ...more] = String(value).split(/\r?\n/)
  if (more.length > 0) return [`${indent}${head}`, ...[first, ...more].map((line) => `${indent}${step}${line}`)]
  return [first === '' ? `${indent}${head}` : `${indent}${head} ${first}`]
}

function itemLines(value: JsonObject | readonly Json[], indent: string): readonly string[] {
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => valueLines(`- ${key}:`, item, indent))
  }
  return (value as readonly Json[]).flatMap((item) => valueLines('-', item, indent))
}

/**
 * A JSON value as a list in Markdown, a key or an item on each line, such as `- name: Ann`. Values inside others are
 * indented. A text stays as it is.
 */
export function jsonLines(value: Json): string {
  if (typeof value === 'object' && value !== null) return itemLines(value as JsonObject, '').join('\n')
  return String(value)
}
