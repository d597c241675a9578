// The language every command speaks: English words that parsers know, and names of people and folders as they are.

/** Variables of the environment. LC_ALL wins over all others (locale(7)). */
export const UTF8_LOCALE: Readonly<Record<string, string>> = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
