// Dotted names of settings, as in messages, options and substitutions.

const STEP = /"((?:[^"\\]|\\.)*)"|([^."]+)/g;

/** `a.b."c.d"` as `['a', 'b', 'c.d']`. */
export function splitPath(text: string): string[] {
  return [...text.matchAll(STEP)].flatMap(([, quoted, bare = '']) => {
    if (quoted !== undefined) return [quoted.replace(/\\(.)/g, '$1')];
    return bare.trim() === '' ? [] : [bare.trim()];
  });
}

/** The inverse of `splitPath`; numbers are positions in a list. */
export function joinPath(path: readonly (string | number)[]): string {
  return path
    .map((step, position) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = /^[\w/-]+(?: [\w/-]+)*$/.test(step) ? step : JSON.stringify(step);
      return position === 0 ? name : `.${name}`;
    })
    .join('');
}
