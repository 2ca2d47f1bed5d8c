/** README and docs show only what runs: every block of every page, in its order, in one shell for each page. */
import { EXAMPLES, pages, testPages } from "./pages.ts";

await testPages(pages().filter((page) => page !== EXAMPLES));
