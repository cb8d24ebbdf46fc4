// Names that say what a thing is.
import { basename } from 'node:path/posix'
import type { SourceFile } from './source-file.ts'

const EMPTY_WORDS = /^(manager|handler|util|helper)s?$/
const EMPTY_FILE_NAMES = ['data', 'info']
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-d|config|d))?\.[cm]?[jt]sx?$/

/** File names that are not kebab-case, and files or exports whose name has a word that says nothing. */
export function checkNames(file: SourceFile): string[] {
  const name = basename(file.path)
  const stem = name.split('.')[0] ?? name
  const problems: string[] = []
  if (!KEBAB_CASE.test(name)) problems.push(`${file.path}: file names are kebab-case`)
  if (EMPTY_FILE_NAMES.includes(stem)) problems.push(`${file.path}: name the file after its main export`)
  for (const folder of file.path.split('/').slice(0, -1)) {
    if (hasEmptyWord(folder)) problems.push(`${file.path}: the folder name "${folder}" has a word that says nothing`)
  }
  if (hasEmptyWord(stem)) problems.push(`${file.path}: the file name has a word that says nothing`)
  for (const exported of new Set(file.exportedNames)) {
    if (hasEmptyWord(exported)) problems.push(`${file.path}: the export "${exported}" has a word that says nothing`)
  }
  return problems
}

function hasEmptyWord(name: string): boolean {
  return wordsOf(name).some((word) => EMPTY_WORDS.test(word))
}

/** `parseHTTPHandler`, `http-handler` and `HTTP_HANDLER` all hold the word `handler`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
}
