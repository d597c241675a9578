// The kinds of places in a shell script where a value may stand: what stands there decides how it must be written.

export type QuotingContext =
  /** In no quotes at all. */
  | {
      readonly kind: 'unquoted';
      /** Even a harmless value must be quoted: bare it could be a reserved word, an assignment or a file descriptor. */
      readonly needsQuotes: boolean;
      /** The placeholder is the whole of an argument, so that several words could stand there. */
      readonly canSplit: boolean;
      /** In `{a,b}` or `{1..9}`: only a number may stand there without quotes. */
      readonly isInBraces?: true;
    }
  | { readonly kind: 'double quotes' }
  | { readonly kind: 'single quotes' }
  /** `$'…'` */
  | { readonly kind: 'ansi quotes' }
  /** The word of `"${x:-word}"`, which stands in double quotes already, or has others of its own: `"${x:-"word"}"`. */
  | { readonly kind: 'quoted default'; readonly isRequoted: boolean }
  | { readonly kind: 'here-document' }
  /** With a quoted delimiter: nothing in it is special. */
  | { readonly kind: 'quoted here-document' }
  /** Read as code a second time, by this program or construct. */
  | {
      readonly kind: 're-evaluated';
      readonly by: string;
      /** The character that would end the text here. */
      readonly except?: string;
    }
  /** Evaluated as arithmetic, in which a word would be a variable and an array's subscript may run commands. */
  | { readonly kind: 'number'; readonly where: string };
