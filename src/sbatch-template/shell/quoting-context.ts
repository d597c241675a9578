// The quoting contexts of a placeholder in a shell script, which decide how its value is written.

export type QuotingContext =
  /** Without quotes. */
  | {
      readonly kind: 'unquoted';
      /** Quote even a plain word, which could be a reserved word, an assignment or a file descriptor. */
      readonly needsQuotes: boolean;
      /** The placeholder is a whole argument, which several words can replace. */
      readonly canSplit: boolean;
      /** In `{a,b}` or `{1..9}`, where only a number needs no quotes. */
      readonly isInBraces?: true;
    }
  | { readonly kind: 'double quotes' }
  | { readonly kind: 'single quotes' }
  /** `$'…'` */
  | { readonly kind: 'ansi quotes' }
  /** The word of `"${x:-word}"`, in the outer double quotes, or requoted: `"${x:-"word"}"`. */
  | { readonly kind: 'quoted default'; readonly isRequoted: boolean }
  | { readonly kind: 'here-document' }
  /** With a quoted delimiter: no character is special. */
  | { readonly kind: 'quoted here-document' }
  /** Re-evaluated as code by this program or construct; completes "re-evaluated by …". */
  | {
      readonly kind: 're-evaluated';
      readonly by: string;
      /** A character that would end the text. */
      readonly except?: string;
    }
  /** Evaluated as arithmetic, in which a word is a variable and the subscript of an array can run commands; completes "evaluated as …". */
  | { readonly kind: 'number'; readonly where: string };
