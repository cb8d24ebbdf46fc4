/**
 * The packages that an application installs next to this one: loaded late. If one is missing, the error has the line
 * that installs it.
 */
import { MemoryError } from './error.ts'

/** The required `peerDependencies` of package.json. */
export const peerPackages: readonly string[] = ['ai', 'zod']

/** Installs them in the major versions that package.json accepts. */
export const peerInstallLine = 'npm install ai@7 zod@4'

const notFoundCodes: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']

/** The missing peer in an error of `import` or `require`; null for any other error. */
function missingPeer(error: unknown): string | null {
  if (!(error instanceof Error) || !notFoundCodes.includes((error as { code?: unknown }).code)) return null
  const [, specifier = ''] = /^Cannot find (?:package|module) '([^']+)'/.exec(error.message) ?? []
  return peerPackages.find((name) => specifier === name || specifier.startsWith(`${name}/`)) ?? null
}

/** The error for a peer that is missing, or whose version cannot be loaded. */
export function peerError(cause: unknown): MemoryError {
  if (cause instanceof MemoryError) return cause
  const missing = missingPeer(cause)
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MemoryError('unsupported', {
    message:
      missing === null
        ? `aquifer could not be loaded with the installed versions of ${peerPackages.join(' and ')}: ${reason.replace(/\.?$/, '.')}`
        : `The package ${missing} is not installed.`,
    fix: `Install the packages that aquifer needs: ${peerInstallLine}`,
    details: missing === null ? { packages: peerPackages } : { package: missing },
    cause,
  })
}

/**
 * Loads `ai`, `zod`, or a module of ours that imports one of them.
 *
 * @throws MemoryError `unsupported` if that fails.
 */
export async function withPeers<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    throw peerError(cause)
  }
}
