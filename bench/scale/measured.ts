/** What the benchmark of scale measured, and where a row of figures bends. */

/** One operation at one point of an axis. */
export interface Figure {
  readonly axis: string
  readonly unit: string
  readonly operation: string
  readonly size: number
  /** Operations for each second of processor time of the whole process. */
  readonly perSecond: number
  /** The longest block of the event loop, milliseconds of its thread's processor time. */
  readonly longestBlockMs: number
  /** Memory of the process after the operation, MB. */
  readonly residentMb: number
  /** The database with its log, MB. */
  readonly fileMb: number
}

/** One row of figures: an operation over the points of its axis. */
export interface Curve {
  readonly axis: string
  readonly unit: string
  readonly operation: string
  readonly figures: readonly Figure[]
}

export function curvesOf(figures: readonly Figure[]): readonly Curve[] {
  const curves = new Map<string, Figure[]>()
  for (const figure of figures) {
    const key = `${figure.axis}\0${figure.operation}`
    curves.set(key, [...(curves.get(key) ?? []), figure])
  }
  return [...curves.values()].map((own) => {
    const { axis, unit, operation } = own[0] as Figure
    return { axis, unit, operation, figures: own }
  })
}

/**
 * The first size at which a figure is twice as bad as the best one before it; null if there is none.
 *
 * @param least What does not count: a figure below it is good, however it grew.
 */
export function bendOf(figures: readonly Figure[], badness: (figure: Figure) => number, least = 0): number | null {
  let best = Number.POSITIVE_INFINITY
  for (const figure of figures) {
    const bad = badness(figure)
    if (bad > 2 * Math.max(best, least)) return figure.size
    best = Math.min(best, bad)
  }
  return null
}
