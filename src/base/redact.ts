// Secrets within other text: where they are told by a name, an option or their own shape. The one place that knows how.
import { textWords } from './command-text.ts';

/** What is shown instead of a secret. */
export const MASK = '********';

/** A text without its secrets, and these. */
export interface Redaction {
  readonly shown: string;
  readonly secrets: readonly string[];
}

/** Names behind which a secret stands, whatever is around them: `HF_TOKEN`, `--http-password`, `X-Api-Key`. */
// Each repetition has an end, so that a long text takes no longer than in proportion to its length.
const NAME =
  '[\\w.-]{0,64}(?:secret|passw|passphrase|passcode|pwd|token|credential|cred|api_?key|key|pass|authoriz|auth(?!or)|signature|bearer|cookie)[\\w.-]{0,64}|sig|sas';

/** Shapes that say by themselves what they are; group 1 stays. None reads a part of the text again for each place where it could begin. */
const SHAPES: readonly RegExp[] = [
  /([?&;][\w.-]{0,64}(?:sig|signature|token|key|secret|pass|credential|auth|code)[\w.-]{0,64}=)[^&#\s"]+/gi,
  /(\b(?:bearer|basic|digest)\s+)[\w.~+/=-]{8,}/gi,
  /()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /()\b(?:gh[opsur]_|github_pat_|glpat-|hf_|nvapi-|sk-|xox[abprs]-)[\w-]{16,}/g,
  // The repetition has an end, as each `-eyJ` in a word is a place where one could begin.
  /()\beyJ[\w-]{8,4096}\.[\w-]+\.[\w-]*/g,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^]*?(?=-----END|$)/g,
];

/** A user and a password, or a key alone, in front of the host of a URL. A port and a digest are none. */
const LOGIN_IN_URL = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#:@]*:(?!\d+\/)[^\s]*|[^\s/?#]+)(?=@)/gi;

/** Only what is a secret by its shape: for text that is no configuration, such as what servers and programs say. */
export function redactShapes(text: string): string {
  const shown = SHAPES.reduce((rest, shape) => rest.replace(shape, `$1${MASK}`), text);
  return shown.replace(/\S+/g, (word) => {
    const end = endOfLogins(word);
    return end === 0 ? word : word.slice(0, end).replace(LOGIN_IN_URL, `$1${MASK}`) + word.slice(end);
  });
}

/** Behind its last @ a word has no login: it need not be searched. */
function endOfLogins(word: string): number {
  return word.lastIndexOf('@') + 1;
}

/** All that stands in a setting: it may be a command line, a line of `.netrc`, a header, JSON. */
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

/** The same for the words of a command, in which one tells of the next: `-e`, `NAME=value`. */
export function redactWords(words: readonly string[]): Redaction[] {
  return words.map((word, index) => redactWord(word, words.slice(Math.max(0, index - 3), index).map(bare)));
}

/** Without the marks of a list or an object around it. */
function bare(word: string): string {
  return withoutEnd(word.replace(/^[[({,]+/, ''), '])},;');
}

/** Reads the end once, which a regular expression does not: it tries from each place. */
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
/** In `.netrc`, and in programs that take a password behind `-p`. */
const WORD_BEFORE = /^(?:password|passwd|passphrase)$/i;
const TAKES_P = /^(?:sshpass|mysql|mysqldump|mariadb|login)$/;

/** @param before the words in front of it, at most three */
function redactWord(word: string, before: readonly string[]): Redaction {
  const [last = '', second = ''] = [...before].reverse();
  const isEnd = /^--[a-z]/i.test(word);
  if (word !== '' && isWholeSecret(last, second, before) && !isEnd && !SCHEME.test(word)) return whole(word);
  for (const [isSo, pattern] of [
    [ENV_OPTION.test(last) || /^(?:--(?:env|setenv|env-add)=|-e[A-Za-z_]\w*=)/.test(word), ENV_ASSIGNMENT],
    [USER_OPTION.test(last) || /^(?:--(?:proxy-)?user=|-[uU][^-])/.test(word), USER_VALUE],
    [/^(?:-H|--header)$/.test(last), TIGHT_HEADER],
    [true, HEADER],
    // With blanks in it, it may be a whole script.
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

/** Whether the words before say that what follows is a secret, whatever it is. */
function isWholeSecret(last: string, second: string, before: readonly string[]): boolean {
  if (OPTION.test(last) || NAMED_COLON.test(last) || WORD_BEFORE.test(last)) return true;
  if (/^[:=]$/.test(last) && NAMED.test(second)) return true;
  if (SCHEME.test(last) && (NAMED_COLON.test(second) || /^[:=]$/.test(second))) return true;
  return last === '-p' && before.some((word) => TAKES_P.test(word));
}

function whole(word: string): Redaction {
  return { shown: MASK, secrets: forms(word) };
}

/** Also without what may be no part of it: the end of a command, of a list, of an object. */
function forms(secret: string): string[] {
  const trimmed = withoutEnd(secret.replace(/^["'\s]+/, ''), '"\' \t\r\n\f\v;,)]}');
  return trimmed === secret || trimmed === '' ? [secret] : [secret, trimmed];
}

function shapesIn(text: string): string[] {
  const shapes = SHAPES.flatMap((shape) => [...text.matchAll(shape)].map(([all, kept = '']) => all.slice(kept.length)));
  const logins = [...text.matchAll(/\S+/g)].flatMap(([word]) =>
    [...word.slice(0, endOfLogins(word)).matchAll(LOGIN_IN_URL)].map(([all, kept = '']) => {
      const login = all.slice(kept.length);
      // Of a user and a password the password is the secret.
      return login.includes(':') ? login.slice(login.indexOf(':') + 1) : login;
    }),
  );
  return [...logins, ...shapes];
}
