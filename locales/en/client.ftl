# Texts of the scripts in the browser.
