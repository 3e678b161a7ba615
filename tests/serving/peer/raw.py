from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse


def init():
    pass


@rawhttp
def run(request):
    what = request.args.get("what")
    if what == "image":
        return AMLResponse(request.get_data(), 200, {"Content-Type": "image/png"})
    if what == "status":
        return AMLResponse("gone", 410)
    if what == "fault":
        return AMLResponse({"why": "x"}, 503, json_str=True)
    if what == "told":
        return AMLResponse("no", 200, run_function_failed=True)
    if what == "none":
        return AMLResponse(None, 201)
    if what == "headers":
        return AMLResponse("ok", 200, {"x-colour": "red, green", "x-request-id": "mine"})
    if what == "form":
        return {"form": request.form.to_dict(), "files": {k: f.filename for k, f in request.files.items()}}
    if what == "json":
        return request.get_json()
    if what == "raise":
        raise KeyError("k")
    return {"method": request.method, "path": request.path, "n": request.args.getlist("n"), "body": len(request.data)}
