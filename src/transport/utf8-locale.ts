// The locale of every command: English messages, which parsers expect, and UTF-8 names.

/** LC_ALL takes precedence over all other locale variables (locale(7)). */
export const UTF8_LOCALE: Readonly<Record<string, string>> = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
