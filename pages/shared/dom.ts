// Builds elements from text and attributes alone: nothing that comes from outside is ever read as markup.

export type Child = Node | string | number | false | null | undefined;

/** An attribute that is undefined or false is left out, true stands without a value. */
type AttributeValue = string | number | boolean | undefined;

export interface Details<Target extends Element> {
  readonly class?: string | undefined;
  readonly attributes?: Readonly<Record<string, AttributeValue>> | undefined;
  /** Set one by one through the CSSOM, which a strict content security policy allows. */
  readonly style?: Readonly<Record<string, string>> | undefined;
  readonly on?:
    | {
        readonly [Type in keyof HTMLElementEventMap]?: (
          event: HTMLElementEventMap[Type],
          target: Target,
        ) => void;
      }
    | undefined;
}

/** An HTML element; children that are false, null or undefined are left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  details: Details<HTMLElementTagNameMap[Tag]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return finished(document.createElement(tag), details, children);
}

export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  details: Details<SVGElementTagNameMap[Tag]> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return finished(document.createElementNS('http://www.w3.org/2000/svg', tag), details, children);
}

/** @throws Error when the page has no such element: a mistake of ours. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}.`);
  return found;
}

function finished<Target extends HTMLElement | SVGElement>(
  target: Target,
  { class: classes, attributes = {}, style = {}, on = {} }: Details<Target>,
  children: readonly Child[],
): Target {
  if (classes) target.setAttribute('class', classes);
  for (const [name, value] of Object.entries(attributes)) setAttribute(target, name, value);
  for (const [name, value] of Object.entries(style)) target.style.setProperty(name, value);
  for (const [type, listener] of Object.entries(on))
    target.addEventListener(type, (event) =>
      (listener as (event: Event, target: Target) => void)(event, target),
    );
  target.append(
    ...children.filter(isShown).map((child) => (typeof child === 'number' ? String(child) : child)),
  );
  return target;
}

/** As in `attributes` of element(). */
export function setAttribute(target: Element, name: string, value: AttributeValue): void {
  // Attributes that run or hold code have no place here.
  if (/^(on|srcdoc|style)/i.test(name)) throw new Error(`The attribute ${name} is not set this way.`);
  if ((name === 'href' || name === 'src') && !isHarmless(String(value)))
    throw new Error(`The address ${String(value)} is none that a page may hold.`);
  if (value === undefined || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? '' : String(value));
}

function isShown(child: Child): child is Node | string | number {
  return child !== false && child !== null && child !== undefined;
}

/** Browsers leave out control characters and spaces before they look for the scheme. */
function isHarmless(address: string): boolean {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address.replace(/[\u0000-\u0020]/g, ''))?.[1]?.toLowerCase();
  return scheme === undefined || ['http', 'https', 'file', 'blob', 'data'].includes(scheme);
}
