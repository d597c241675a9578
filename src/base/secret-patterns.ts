// Finds secrets within other text, by a name, an option or their format. All such rules are here.

/** Replaces a secret. */
export const MASK = '********';

/** A text without its secrets, and the secrets. */
export interface Redaction {
  readonly shown: string;
  readonly secrets: readonly string[];
}

/** Names that a secret follows, whatever surrounds them: `HF_TOKEN`, `--http-password`, `X-Api-Key`. */
// Each repetition is bounded, so that the time stays proportional to the length of the text.
const NAME =
  '[\\w.-]{0,64}(?:secret|passw|passphrase|passcode|pwd|token|credential|cred|api_?key|key|pass|authoriz|auth(?!or)|signature|bearer|cookie)[\\w.-]{0,64}|sig|sas';

/** Formats that identify a secret; group 1 is kept. None scans a part of the text again for each possible start, or uses `{8,}`, which overflows V8's stack. */
const SHAPES: readonly RegExp[] = [
  /([?&;][\w.-]{0,64}(?:sig|signature|token|key|secret|pass|credential|auth|code)[\w.-]{0,64}=)[^&#\s"]+/gi,
  /(\b(?:bearer|basic|digest)\s+)[\w.~+/=-]{8}[\w.~+/=-]*/gi,
  /()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /()\b(?:gh[opsur]_|github_pat_|glpat-|hf_|nvapi-|sk-|xox[abprs]-)[\w-]{16}[\w-]*/g,
  // The whole word is tested first, because each `-eyJ` in it is a possible start.
  /(?<![\w-])(?=[\w-]+\.[\w-]+\.)([\w-]*?)\beyJ[\w-]{8}[\w-]*\.[\w-]+\.[\w-]*/g,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^]*?(?=-----END|$)/g,
];

/** A user and password, or a key alone, before the host of a URL. A port or a digest does not match. */
const LOGIN_IN_URL = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#:@]*:(?!\d+\/)[^\s]*|[^\s/?#]+)(?=@)/gi;

/** The same rules for Python's `re` with the flag ASCII, for jobs that mask their own log: each flags and source, as JSON. */
export function secretPatternsForPython(): string {
  const forPython = ({ source, flags }: RegExp): readonly [flags: string, source: string] => [
    flags.replace('g', ''),
    source.replaceAll('[^]', String.raw`[\s\S]`).replaceAll(String.raw`\/`, '/'),
  ];
  return JSON.stringify({ shapes: SHAPES.map(forPython), login: forPython(LOGIN_IN_URL) });
}

/** Removes only secrets with a known format: for text that is not configuration, such as messages of servers and programs. */
export function redactShapes(text: string): string {
  const shown = SHAPES.reduce((rest, shape) => rest.replace(shape, `$1${MASK}`), text);
  if (!shown.includes('@')) return shown;
  return shown.replace(/\S+/g, (word) => {
    const end = endOfLogins(word);
    return end === 0 ? word : word.slice(0, end).replace(LOGIN_IN_URL, `$1${MASK}`) + word.slice(end);
  });
}

/** After its last @, a word contains no login and need not be searched. */
function endOfLogins(word: string): number {
  return word.lastIndexOf('@') + 1;
}

/** Searches a whole setting, which may be a command line, a line of `.netrc`, a header or JSON. */
export function redactText(text: string): Redaction {
  const words = textWords(text);
  const redacted = redactWords(words.map(({ value }) => value));
  let shown = '';
  let at = 0;
  for (const [index, { start, end }] of words.entries()) {
    const word = redacted[index];
    if (word === undefined || word.secrets.length === 0) continue;
    const quote = /^["']/.exec(text.slice(start, end))?.[0] ?? '';
    shown += `${text.slice(at, start)}${quote}${word.shown}${quote}`;
    at = end;
  }
  shown += text.slice(at);
  const secrets = redacted.flatMap((word) => word.secrets);
  return { shown: redactShapes(shown), secrets: [...new Set([...secrets, ...shapesIn(text)])] };
}

/** The same for the words of a command, where one word announces the next: `-e`, `NAME=value`. */
export function redactWords(words: readonly string[]): Redaction[] {
  return words.map((word, index) => redactWord(word, words.slice(Math.max(0, index - 3), index).map(bare)));
}

/** Without the brackets of a surrounding list or object. */
function bare(word: string): string {
  return withoutEnd(word.replace(/^[[({,]+/, ''), '])},;');
}

/** Scans the end once, unlike a regular expression, which tries each position. */
function withoutEnd(text: string, marks: string): string {
  let end = text.length;
  while (end > 0 && marks.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

const NAMED = new RegExp(`^-{0,2}(?:${NAME})$`, 'i');
const NAMED_COLON = new RegExp(`^-{0,2}(?:${NAME})\\s*[:=]$`, 'i');
const OPTION = new RegExp(`^--?(?:${NAME})$`, 'i');
const ASSIGNMENT = new RegExp(`((?:^|[^\\w.-])-{0,2}(?:${NAME})\\s*=\\s*)([^]+)`, 'i');
const ONLY_ASSIGNMENT = new RegExp(`^(-{0,2}(?:${NAME})=)([^]+)$`, 'i');
const HEADER = new RegExp(`^([\\s{,]*(?:${NAME})\\s*:\\s+(?:(?:bearer|basic|digest|token)\\s+)?)([^]+)$`, 'i');
const TIGHT_HEADER = new RegExp(`^((?:${NAME}):)(?=\\S)([^]+)$`, 'i');
const JSON_FIELD = new RegExp(`^([{,]?(?:${NAME}):)([^]+)$`, 'i');
const ENV_OPTION = /^(?:-e|--env|--setenv|--env-add)$/;
const ENV_ASSIGNMENT = /^((?:--(?:env|setenv|env-add)=|-e)?[A-Za-z_]\w*=)([^]+)$/;
const USER_OPTION = /^(?:-u|-U|--user|--proxy-user)$/;
const USER_VALUE = /^((?:(?:--user|--proxy-user)=|-[uU])?[^:=\s-][^:\s]*:)(?!\d+$)([^]+)$/;
const SCHEME = /^(?:bearer|basic|digest|token)$/i;
/** In `.netrc`, and in programs with a password after `-p`. */
const WORD_BEFORE = /^(?:password|passwd|passphrase)$/i;
const TAKES_P = /^(?:sshpass|mysql|mysqldump|mariadb|login)$/;

/** @param before the words before it, at most three */
function redactWord(word: string, before: readonly string[]): Redaction {
  const [last = '', second = ''] = [...before].reverse();
  const isEnd = /^--[a-z]/i.test(word);
  if (word !== '' && isWholeSecret(last, second, before) && !isEnd && !SCHEME.test(word)) return whole(word);
  for (const [isSo, pattern] of [
    [ENV_OPTION.test(last) || /^(?:--(?:env|setenv|env-add)=|-e[A-Za-z_]\w*=)/.test(word), ENV_ASSIGNMENT],
    [USER_OPTION.test(last) || /^(?:--(?:proxy-)?user=|-[uU][^-])/.test(word), USER_VALUE],
    [/^(?:-H|--header)$/.test(last), TIGHT_HEADER],
    [true, HEADER],
    // With spaces in it, it may be a whole script.
    [!word.includes('://'), /\s/.test(word) ? ONLY_ASSIGNMENT : ASSIGNMENT],
    [/^[{,]/.test(word) || word.includes('"'), JSON_FIELD],
  ] as const) {
    const found = isSo ? pattern.exec(word) : null;
    if (found === null) continue;
    const [all = '', kept = '', secret = ''] = found;
    return { shown: `${word.slice(0, word.length - all.length)}${kept}${MASK}`, secrets: forms(secret) };
  }
  // A script within a word: `bash -c "curl …"`.
  return /[\s"']/.test(word) ? redactText(word) : { shown: word, secrets: [] };
}

/** Whether the words before announce a secret. */
function isWholeSecret(last: string, second: string, before: readonly string[]): boolean {
  if (OPTION.test(last) || NAMED_COLON.test(last) || WORD_BEFORE.test(last)) return true;
  if (/^[:=]$/.test(last) && NAMED.test(second)) return true;
  if (SCHEME.test(last) && (NAMED_COLON.test(second) || /^[:=]$/.test(second))) return true;
  return last === '-p' && before.some((word) => TAKES_P.test(word));
}

function whole(word: string): Redaction {
  return { shown: MASK, secrets: forms(word) };
}

/** Also without trailing characters that may belong to the end of a command, list or object. */
function forms(secret: string): string[] {
  const trimmed = withoutEnd(secret.replace(/^["'\s]+/, ''), '"\' \t\r\n\f\v;,)]}');
  return trimmed === secret || trimmed === '' ? [secret] : [secret, trimmed];
}

function shapesIn(text: string): string[] {
  const shapes = SHAPES.flatMap((shape) => [...text.matchAll(shape)].map(([all, kept = '']) => all.slice(kept.length)));
  const logins = [...text.matchAll(/\S+/g)].flatMap(([word]) =>
    [...word.slice(0, endOfLogins(word)).matchAll(LOGIN_IN_URL)].map(([all, kept = '']) => {
      const login = all.slice(kept.length);
      // Of a user and a password, only the password is the secret.
      return login.includes(':') ? login.slice(login.indexOf(':') + 1) : login;
    }),
  );
  return [...logins, ...shapes];
}

interface TextWord {
  readonly start: number;
  readonly end: number;
  /** Without quotes and backslashes. */
  readonly value: string;
}

/** An unclosed quote extends to the end. Never throws, because most texts are not command lines. */
function textWords(text: string): TextWord[] {
  const words: TextWord[] = [];
  const pieces = /"(?:[^"\\]|\\[^])*(?:"|\\?$)|'[^']*(?:'|$)|\\[^]|[^\s"'\\]+|\\$/g;
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    const value = unquoted(piece);
    const last = words.at(-1);
    if (last?.end === index)
      words[words.length - 1] = { ...last, end: index + piece.length, value: last.value + value };
    else words.push({ start: index, end: index + piece.length, value });
  }
  return words;
}

function unquoted(piece: string): string {
  if (piece.startsWith('"'))
    return piece
      .slice(1)
      .replace(/"$/, '')
      .replaceAll(/\\([^])/g, '$1');
  if (piece.startsWith("'")) return piece.slice(1).replace(/'$/, '');
  return piece.replaceAll(/\\([^])/g, '$1');
}
