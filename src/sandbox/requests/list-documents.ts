// Executes a get_all: conditions, order, pages and requested fields.
import * as z from 'zod';
import { ApiError } from './api-error.ts';
import { parseRequest, type Fields } from './endpoint.ts';
import { pick, valuesAt } from './field-path.ts';
import { checkKnownFields, type KnownFields } from './known-fields.ts';
import { parseConditions, type Conditions } from './filter-documents.ts';

/** The largest page of the real server. */
const MAX_PAGE = 500;

const oneOrMany = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

const listingRequest = z.object({
  only_fields: oneOrMany.optional(),
  projection: oneOrMany.optional(),
  order_by: oneOrMany.default([]),
  page: z.number().int().nonnegative().optional(),
  page_size: z.number().int().positive().optional(),
  size: z.number().int().positive().optional(),
  scroll_id: z.string().optional(),
});

export interface Listing {
  readonly documents: Fields[];
  /** Present if the request scrolls; send it with the next request. */
  readonly scroll: { readonly scroll_id?: string };
}

export interface ListingOptions {
  readonly conditions: Conditions;
  /** Fields that are returned only if requested by name. */
  readonly hidden?: readonly string[];
  /** The names that may be requested or sorted by; any if undefined. */
  readonly known?: KnownFields;
}

/** @throws ApiError 400/12, 400/14, 400/16, 400/21 */
export function listDocuments(documents: readonly Fields[], body: Fields, options: ListingOptions): Listing {
  const request = parseRequest(listingRequest, body);
  const wanted = request.only_fields ?? request.projection;
  const sortedBy = request.order_by.map((field) => field.replace(/^-/, ''));
  checkKnownFields(options.known ?? 'any', [...(wanted ?? []), ...sortedBy]);
  const matching = documents.filter(parseConditions(body, options.conditions));
  const ordered = order(matching, request.order_by);

  const isScrolling = request.scroll_id !== undefined || request.size !== undefined;
  const size = Math.min((isScrolling ? request.size : request.page_size) ?? MAX_PAGE, MAX_PAGE);
  const start = isScrolling ? parseScroll(request.scroll_id) : (request.page ?? 0) * size;
  const page = ordered.slice(start, start + size);

  return {
    documents: page.map((document) =>
      wanted === undefined || wanted.length === 0 ? leaveOut(document, options.hidden ?? []) : pick(document, wanted),
    ),
    scroll: isScrolling ? { scroll_id: `from-${start + page.length}` } : {},
  };
}

function parseScroll(scrollId: string | undefined): number {
  if (scrollId === undefined) return 0;
  const match = /^from-(\d+)$/.exec(scrollId);
  if (match === null) throw new ApiError('fieldsValue', { scroll_id: scrollId }, 'Invalid scroll id');
  return Number(match[1]);
}

/** Sorts by these fields, descending after `-`, then by id, so that pages do not overlap. */
function order(documents: readonly Fields[], fields: readonly string[]): Fields[] {
  if (fields.length === 0) return [...documents];
  const keys = [...fields, 'id'].map((field) => ({
    path: field.replace(/^-/, ''),
    sign: field.startsWith('-') ? -1 : 1,
  }));
  const rows = documents.map((document) => ({ document, values: keys.map(({ path }) => valuesAt(document, path)[0]) }));
  rows.sort((left, right) => {
    for (const [at, { sign }] of keys.entries()) {
      const difference = compareValues(left.values[at], right.values[at]);
      if (difference !== 0) return sign * difference;
    }
    return 0;
  });
  return rows.map(({ document }) => document);
}

/** Unset values come first, as in the database; times are texts that sort correctly. */
function compareValues(left: unknown, right: unknown): number {
  if (left === right) return 0;
  if (left === undefined || left === null) return -1;
  if (right === undefined || right === null) return 1;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return asText(left) < asText(right) ? -1 : 1;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A reference in the `_ex` form: `{id, name}`, without the name of a document that was deleted. */
export function referenceTo(
  documents: { get(id: string): { readonly name: string } | undefined },
  id: string | undefined,
): Fields | undefined {
  return id === undefined ? undefined : { id, name: documents.get(id)?.name };
}

export function leaveOut<Value>(
  document: Readonly<Record<string, Value>>,
  fields: readonly string[],
): Record<string, Value> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !fields.includes(key)));
}
