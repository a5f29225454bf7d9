echo hello > note.txt
