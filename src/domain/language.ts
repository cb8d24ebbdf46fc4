/** The languages that texts are analysed in. */

export const languages = ['english', 'none'] as const

/** `english`: Porter stems without stop words. `none`: words as they are, for text in other languages. */
export type Language = (typeof languages)[number]
