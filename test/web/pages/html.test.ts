// HTML templates: whatever text a value has, it is text on the page.
import { expect } from 'chai';
import fc from 'fast-check';
import { escapeHtml, html } from '../../../src/web/pages/html.ts';
import { fuzzCases } from '../../support/fuzz-cases.ts';

/** What a browser makes of our escapes. */
function unescaped(text: string): string {
  const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => characters[name] ?? '');
}

/** fast-check takes a second to list all characters: only when a test needs them. */
const hostileValue = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          '<script>',
          '</script>',
          '"',
          "'",
          '<!--',
          '-->',
          '&',
          '&lt;',
          '\x1b[31m',
          '\u202e',
          ']]>',
          'a',
          '\n',
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join('')),
  );

describe('the template function html', () => {
  it('escapes every value, in elements and in attributes', () => {
    fc.assert(
      fc.property(hostileValue(), (value) => {
        const { text } = html`<p title="${value}">${value}</p>`;
        const [, title = '', body = ''] = /^<p title="([^"<>]*)">([^"<>]*)<\/p>$/.exec(text) ?? [];

        expect(title, text).to.equal(body);
        expect(text).to.match(/^<p title="/);
        // No control character and no character that reorders text remains.
        expect(text).to.not.match(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/);
        const isPlain = !/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]/.test(value);
        if (isPlain) expect(unescaped(body)).to.equal(value);
      }),
      { numRuns: fuzzCases(2_000) },
    );
  });

  it('keeps the HTML of nested templates, and omits undefined and false', () => {
    const items = ['<b>', 'two'].map((item) => html`<li>${item}</li>`);

    const { text } = html`<ul>
      ${items}${undefined}${false}${3}
    </ul>`;
    expect(text.replaceAll('\n', '')).to.equal('<ul><li>&lt;b&gt;</li><li>two</li>3</ul>');
  });

  it('shows terminal escapes and Unicode direction marks as codes such as \\u001b', () => {
    expect(escapeHtml('\x1b[31mred \u202egnp.exe')).to.equal('\\u001b[31mred \\u202egnp.exe');
  });
});
