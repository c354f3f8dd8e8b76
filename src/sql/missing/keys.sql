-- The keys of the {{objects}} of a page. A fragment.
SELECT r2_key FROM ({{objects}})
