import type { Handler } from '../context.ts';

export const onFilterLoad: Handler<'filterload'> = () => {};

export const onFilterAdd: Handler<'filteradd'> = () => {};

export const onFilterClear: Handler<'filterclear'> = () => {};
