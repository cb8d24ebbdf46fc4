// The repository names no package registry: where packages come from is the business of who installs them.

// Written so that the patterns do not match themselves.
const HOSTS = [
  /\bregistry\.(?:[\w-]+\.)*(?:com|org|net|io|dev|cloud|cn|local|internal)\b/i,
  /\bnpm(?:js|mirror)\b/i,
  /\bnpm\.pkg\b/i,
  /\bregistry\s*=\s*["']?https?:/i,
  /"resolved":\s*"https?:/,
  /https?:\/\/[^\s"']+\.t(?:gz|ar\.gz)\b/,
]

/** Places in a text that name a registry host. */
export function checkHosts(path: string, text: string): string[] {
  return HOSTS.flatMap((pattern) => {
    const match = pattern.exec(text)
    return match === null ? [] : [`${path}: names a registry: ${match[0].trim()}`]
  })
}
