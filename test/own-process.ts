// Which test files get a process of their own. The others share processes, which saves half a second of work for each.

/** A line of the file's head that asks for it, with the reason. */
const asks = /^\/\/ Own process: \S.*\.$/m

/** True if a test file asks for a process of its own: `// Own process: it replaces a module.` */
export function needsOwnProcess(text: string): boolean {
  return asks.test(text.slice(0, 1_000))
}
