import { rmSync } from 'node:fs'

// `tsc` never removes what it no longer writes, so a renamed file would stay in the package.
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true })
